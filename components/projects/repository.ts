/** A repository address as people know it: "github.com/acme/api", whatever form it was given in. */
export function repositoryLabel(address: string): string {
  const url = URL.parse(address)
  const label = url && url.host ? `${url.host}${url.pathname}` : address.replace(/^[^@/\s]+@([^:/]+):/, '$1/').replace(/^file:\/\//, '')
  return label.replace(/\/+$/, '').replace(/\.git$/, '')
}

/** A project name to begin with: the last part of the address. */
export const nameFromRepository = (address: string): string => repositoryLabel(address.trim()).split('/').pop() ?? ''
