// What decisions need beside the queue: appeals, second looks, house rules and
// the messages to authors.
import { Tabs } from '../parts/list';
import { ForSite } from '../parts/sitepicker';
import { hrefWith, param } from '../state/router';
import { sites } from '../state/sites';
import { tr } from '../strings-house';
import type { Site } from '../types';
import { AppealsView } from './appeals';
import { HouseView } from './house';
import { LooksView } from './looks';
import { MessagesView } from './messages';

const tab = param('tab');

export function DecisionsView() {
  return (
    <ForSite title={tr.title} among={sites.value ?? []}>
      {(site) => (
        <>
          <Tabs label={tr.title} texts={tr.tabs} at={tab.value} to={(code) => hrefWith({ tab: code, state: null })} />
          <Shown key={site.key} site={site} />
        </>
      )}
    </ForSite>
  );
}

function Shown({ site }: { site: Site }) {
  if (tab.value === 'looks') return <LooksView site={site} />;
  if (tab.value === 'rules') return <HouseView site={site} />;
  if (tab.value === 'messages') return <MessagesView site={site} />;
  return <AppealsView site={site.key} />;
}
