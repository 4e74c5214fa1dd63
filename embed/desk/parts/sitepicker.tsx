// The site that a page of administration is about; it stands in the address.
import type { ComponentChildren } from 'preact';
import { amend, param } from '../state/router';
import { administered, load, sites, trouble } from '../state/sites';
import { t } from '../strings';
import { ta } from '../strings-admin';
import type { Site } from '../types';
import { Empty, Failure, Skeleton } from './bits';
import { Choice } from './filters';

const chosen = param('site');

/** Shows `children` for the chosen site, or why there is none to choose. */
export function ForSite(props: {
  title: string;
  /** The sites to choose from; by default those that the user administers. */
  among?: Site[];
  none?: string;
  children: (site: Site) => ComponentChildren;
}) {
  const { title, children, among: list = administered.value, none = ta.settings.noAdmin } = props;
  const site = list.find((other) => other.key === chosen.value) ?? list[0];
  return (
    <div class="page">
      <div class="page-head">
        <h1>{title}</h1>
        {list.length > 1 && site && (
          <Choice
            label={t.common.site}
            value={site.key}
            choices={list.map((other) => [other.key, other.name])}
            onPick={(key) => amend({ site: key, endpoint: null, delivery: null, form: null, rule: null, state: null, person: null }, false)}
          />
        )}
      </div>
      {trouble.value && <Failure text={trouble.value} retry={() => void load()} />}
      {!sites.value && !trouble.value && <Skeleton rows={3} />}
      {sites.value && !site && <Empty title={sites.value.length === 0 ? t.common.noSites : none} />}
      {site && children(site)}
    </div>
  );
}
