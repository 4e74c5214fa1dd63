// One line at the end that a script can read, whatever the other reporter says.
import type { Reporter, TestCase } from '@playwright/test/reporter'

export default class Tally implements Reporter {
  private readonly tests = new Set<TestCase>()
  private errors = 0

  onTestEnd(test: TestCase) {
    this.tests.add(test)
  }

  /** Failures outside of any test, such as a program that does not build. */
  onError() {
    this.errors++
  }

  onEnd() {
    const of = (outcome: string) => [...this.tests].filter(test => test.outcome() === outcome).length
    console.log(`browser: ${of('expected')} passed, ${of('unexpected') + this.errors} failed`)
  }

  printsToStdio() {
    return false
  }
}
