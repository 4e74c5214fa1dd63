// What decisions need beside the queue: appeals, second looks, house rules, the
// messages to authors, and the record of it all.
import { Tabs } from '../parts/list';
import { ForSite } from '../parts/sitepicker';
import { hrefWith, param } from '../state/router';
import { mayManage, sites } from '../state/sites';
import { tr } from '../strings-house';
import type { Site } from '../types';
import { AppealsView } from './appeals';
import { HouseView } from './house';
import { LooksView } from './looks';
import { MessagesView } from './messages';
import { RecordView } from './record';

const tab = param('tab');

export function DecisionsView() {
  return (
    <ForSite title={tr.title} among={sites.value ?? []}>
      {(site) => (
        <>
          <Tabs label={tr.title} texts={tabsOf(site)} at={tab.value} to={(code) => hrefWith({ tab: code, state: null })} />
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
  if (tab.value === 'record' && mayManage(site.key)) return <RecordView site={site.key} />;
  return <AppealsView site={site.key} />;
}

/** The record is of those who manage the site. */
function tabsOf(site: Site): Record<string, string> {
  return Object.fromEntries(Object.entries(tr.tabs).filter(([code]) => code !== 'record' || mayManage(site.key)));
}
