'use client'

import { Menu as Base } from '@base-ui/react/menu'
import Link from 'next/link'
import type { ReactElement, ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'

/** A menu that `trigger` (a button) opens. Fill it with `MenuItem`, `MenuLink`, `MenuSeparator`, `MenuHeading`. */
export function Menu({
  trigger,
  children,
  align = 'end',
  side = 'bottom',
}: {
  trigger: ReactElement
  children: ReactNode
  align?: 'start' | 'center' | 'end'
  side?: 'top' | 'bottom' | 'left' | 'right'
}) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner align={align} side={side} sideOffset={4} className="z-50 outline-none">
          <Base.Popup className="popup min-w-48 max-w-80 p-1">{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

type ItemProps = { icon?: ReactNode; tone?: 'plain' | 'bad'; children: ReactNode }

export function MenuItem({
  icon,
  tone = 'plain',
  onSelect,
  isDisabled,
  children,
}: ItemProps & { onSelect: () => void; isDisabled?: boolean }) {
  return (
    <Base.Item onClick={onSelect} disabled={isDisabled} className={classNames('popup-item', tone === 'bad' && 'text-bad-ink')}>
      {icon}
      {children}
    </Base.Item>
  )
}

export function MenuLink({ icon, href, children }: ItemProps & { href: string }) {
  return (
    <Base.LinkItem render={<Link href={href} />} closeOnClick className="popup-item">
      {icon}
      {children}
    </Base.LinkItem>
  )
}

/** A file that the browser saves: no page of ours. */
export function MenuDownload({ icon, href, children }: ItemProps & { href: string }) {
  return (
    // oxlint-disable-next-line jsx-a11y/control-has-associated-label -- the item's children become its label
    <Base.LinkItem render={<a href={href} download />} closeOnClick className="popup-item">
      {icon}
      {children}
    </Base.LinkItem>
  )
}

export function MenuSeparator() {
  return <Base.Separator className="-mx-1 my-1 h-px bg-line" />
}
