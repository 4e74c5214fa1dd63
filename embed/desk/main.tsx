// The moderators' desk. It starts with the refresh cookie, if there is one,
// and then draws whatever the address says.
import { render } from 'preact';
import { start } from './session';
import { listen as listenToLinks } from './state/router';
import { watch } from './state/ui';
import { App } from './views/app';

watch();
listenToLinks();
void start();

const root = document.getElementById('desk');
if (root) render(<App />, root);
