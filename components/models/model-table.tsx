'use client'

import { Ellipsis, Eye, EyeOff, Pencil, RotateCcw } from 'lucide-react'
import { badgesOf, type CatalogModel, type CatalogProvider, isOffered, priceLines, usedBy } from '#components/models/models.model.ts'
import { useRules } from '#components/models/use-rules.ts'
import { useMe } from '#components/session/use-me.ts'
import { Badge } from '#components/ui/badge.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Menu, MenuItem, MenuSeparator } from '#components/ui/menu.tsx'
import { formatShort } from '#components/ui/numbers.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { type Column, Table } from '#components/ui/table.tsx'

type Props = { provider: CatalogProvider; models: readonly CatalogModel[]; mayRule: boolean; onEdit: (model: CatalogModel) => void }

export function ModelTable({ provider, models, mayRule, onEdit }: Props) {
  const columns: Column<CatalogModel>[] = [
    { key: 'model', heading: 'Model', cell: (model) => <ModelName model={model} />, className: 'w-full min-w-36' },
    { key: 'context', heading: 'Context', align: 'end', isSecondary: true, cell: ({ contextTokens }) => formatShort(contextTokens) },
    { key: 'price', heading: 'In / out per 1M', align: 'end', cell: (model) => <Price model={model} /> },
    { key: 'use', heading: 'Last 7 days', isSecondary: true, cell: (model) => <Use use={model.use} />, className: 'min-w-40' },
  ]
  const acts: Column<CatalogModel> = {
    key: 'acts',
    heading: <span className="sr-only">Change</span>,
    align: 'end',
    // What is hidden from the eye would stand outside of what scrolls.
    className: 'relative',
    cell: (model) => <ModelMenu provider={provider} model={model} onEdit={() => onEdit(model)} />,
  }
  return (
    <Table
      caption={`Models of ${provider.name}`}
      columns={mayRule ? [...columns, acts] : columns}
      rows={models}
      rowKey={(model) => model.id}
    />
  )
}

function ModelName({ model }: { model: CatalogModel }) {
  const badges = badgesOf(model)
  return (
    <div className="flex flex-col gap-1 py-0.5">
      <span className={isOffered(model) ? 'font-medium' : 'font-medium text-ink-quiet'}>{model.name}</span>
      {model.name === model.id ? null : <span className="font-mono text-xs break-all text-ink-quiet">{model.id}</span>}
      {badges.length > 0 || model.successor ? (
        <span className="flex flex-wrap items-center gap-1">
          {badges.map(({ word, tone }) => (
            <Badge key={word} tone={tone}>
              {word}
            </Badge>
          ))}
          {model.successor ? <span className="font-mono text-xs break-all text-ink-quiet">→ {model.successor}</span> : null}
        </span>
      ) : null}
    </div>
  )
}

function Price({ model }: { model: CatalogModel }) {
  const { price, note } = priceLines(model)
  return (
    <>
      <span className={model.price ? 'block whitespace-nowrap' : 'block whitespace-nowrap text-warn-ink'}>{price}</span>
      {note ? <span className="block text-xs text-ink-quiet">{note}</span> : null}
    </>
  )
}

function Use({ use }: { use: CatalogModel['use'] }) {
  if (!use) return <span className="text-ink-quiet">—</span>
  return (
    <span className="text-sm text-ink-soft">
      {usedBy(use)}, <RelativeTime at={use.lastAt} />
    </span>
  )
}

function ModelMenu({ provider, model, onEdit }: { provider: CatalogProvider; model: CatalogModel; onEdit: () => void }) {
  const rules = useRules(provider)
  const { user } = useMe()
  const isRetired = model.lifecycle === 'retired'
  // The instance's word is taken back by whoever gave it.
  const mayReset = model.ruledBy === 'team' || (model.ruledBy === 'platform' && user.isInstanceOwner)
  return (
    <Menu
      trigger={
        <IconButton label={`Change ${model.name}`} size="sm">
          <Ellipsis aria-hidden />
        </IconButton>
      }
    >
      <MenuItem icon={<Pencil aria-hidden />} onSelect={onEdit}>
        Price, name, retirement…
      </MenuItem>
      {isRetired ? null : isOffered(model) ? (
        <MenuItem
          icon={<EyeOff aria-hidden />}
          onSelect={() => rules.allow(model, { isAllowed: false, before: model.isAdded ? true : null })}
        >
          Hide
        </MenuItem>
      ) : (
        <MenuItem icon={<Eye aria-hidden />} onSelect={() => rules.allow(model, { isAllowed: true, before: false })}>
          Offer
        </MenuItem>
      )}
      {mayReset ? (
        <>
          <MenuSeparator />
          <MenuItem icon={<RotateCcw aria-hidden />} onSelect={() => rules.clear(model, model.ruledBy === 'platform')}>
            {model.isAdded ? 'Take it off the list' : 'Back to the built-in'}
          </MenuItem>
        </>
      ) : null}
    </Menu>
  )
}
