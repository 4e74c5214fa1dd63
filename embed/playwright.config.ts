// The browser tests: the real program, Debian's Chromium, and no network beyond
// this machine. Screens to look at are written to test-results/screens.
import { defineConfig } from '@playwright/test'

const quiet = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
]

export default defineConfig({
  testDir: 'test',
  outputDir: 'test-results',
  globalSetup: './test/support/build.ts',
  reporter: [['list'], ['./test/support/tally.ts']],
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  workers: 2,
  retries: 0,
  timeout: 90_000,
  // A golden that is missing is a failure; `--update-snapshots` writes it.
  updateSnapshots: 'none',
  expect: {
    timeout: 15_000,
    toMatchAriaSnapshot: { pathTemplate: 'test/goldens/{arg}{ext}' },
  },
  use: {
    locale: 'en-GB',
    timezoneId: 'UTC',
    actionTimeout: 15_000,
    navigationTimeout: 30_000,
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: '/usr/bin/chromium',
      // The newspaper has a host name of its own, so that it is another site
      // and not merely another port of ours.
      args: [...quiet, '--host-resolver-rules=MAP *.test 127.0.0.1'],
    },
  },
})
