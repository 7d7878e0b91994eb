/** What the self-test says: a line for each check, and one for all of them. */
import { event } from "../console/events"

let checks = 0
let notPassed = 0

/** A run begins. */
export function startReport() {
    checks = 0
    notPassed = 0
    event("selftest starts")
}

/** @param details key=value, if there is anything to tell */
export function pass(check: string, details = "") {
    checks++
    event(details ? `check ${check} pass ${details}` : `check ${check} pass`)
}

/** @param why what was seen, and what to look at */
export function fail(check: string, why: string) {
    checks++
    notPassed++
    event(`check ${check} fail: ${why}`)
}

/** It could not be tried, which is no reason to look there. */
export function skip(check: string, why: string) {
    checks++
    notPassed++
    event(`check ${check} skip: ${why}`)
}

/** Passes, or fails for a reason. @param why empty: it passes */
export function judge(check: string, why: string, details = "") {
    if (why) fail(check, why)
    else pass(check, details)
}

/** Someone else has to do something before it goes on. */
export function waitsFor(what: string) {
    event(`selftest waits: ${what}`)
}

/** The last line of a run. */
export function endReport() {
    if (notPassed === 0) event("selftest passed")
    else event(`selftest failed: ${notPassed} of ${checks}`)
}
