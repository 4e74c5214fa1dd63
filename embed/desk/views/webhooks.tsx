// Webhooks of one site. The address says how deep one is: the endpoints, the
// form of one, its deliveries, one delivery; or the page that verifies a call.
import { SecretDialog } from '../parts/secret';
import { Tabs } from '../parts/list';
import { ForSite } from '../parts/sitepicker';
import { secret } from '../state/dialogs';
import { hrefWith, param } from '../state/router';
import { th } from '../strings-hooks';
import { DeliveriesView } from './deliveries';
import { DeliveryView } from './delivery';
import { EndpointFormView } from './endpoint-form';
import { EndpointsView } from './endpoints';
import { VerifyView } from './verify';

const endpoint = param('endpoint');
const delivery = param('delivery');
const form = param('form');
const tab = param('tab');

export function WebhooksView() {
  return (
    <ForSite title={th.title}>
      {(site) => (
        <>
          {!endpoint.value && !delivery.value && !form.value && (
            <Tabs label={th.title} texts={th.tabs} at={tab.value} to={(code) => hrefWith({ tab: code })} />
          )}
          <Shown key={site.key} site={site.key} />
          {secret.value && <SecretDialog />}
        </>
      )}
    </ForSite>
  );
}

function Shown({ site }: { site: string }) {
  if (delivery.value) return <DeliveryView key={delivery.value} site={site} id={delivery.value} />;
  if (endpoint.value) return <DeliveriesView key={endpoint.value} site={site} endpoint={endpoint.value} />;
  if (form.value) return <EndpointFormView key={form.value} site={site} id={form.value} />;
  return tab.value === 'verify' ? <VerifyView /> : <EndpointsView site={site} />;
}
