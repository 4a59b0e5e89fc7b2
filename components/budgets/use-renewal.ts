'use client'

import { useEffect, useState } from 'react'
import { sayRenewal, type Budget } from '#components/budgets/budget.model.ts'

/** When it begins anew, in words that keep up with the time. */
export function useRenewal(budget: Pick<Budget, 'period' | 'endsAt'>): string {
  const [nowMs, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000)
    return () => clearInterval(timer)
  }, [])
  return sayRenewal(budget, nowMs)
}
