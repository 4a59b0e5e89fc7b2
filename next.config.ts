import type { NextConfig } from 'next'

export default {
  reactStrictMode: true,
  poweredByHeader: false,
  agentRules: false,
  devIndicators: false,
  // Types are a check of their own (npm run check); whoever only starts Gatehouse need not wait for it.
  typescript: { ignoreBuildErrors: true },
} satisfies NextConfig
