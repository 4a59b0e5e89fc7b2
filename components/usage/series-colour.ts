import { OTHERS } from '#core/usage/dimensions.ts'

const colours = ['var(--chart-1)', 'var(--chart-2)', 'var(--chart-3)', 'var(--chart-4)', 'var(--chart-5)'] as const

/** What is left over is grey; the others keep the colour of their rank. */
export const seriesColour = (key: string, index: number): string =>
  key === OTHERS ? 'var(--chart-6)' : (colours[index % colours.length] ?? colours[0])
