'use client'

import { useEffect, useState } from 'react'

/** The value once it has stayed the same for a moment: nobody is asked after each letter. */
export function useSettled<T>(value: T, afterMs = 200): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), afterMs)
    return () => clearTimeout(timer)
  }, [value, afterMs])
  return settled
}
