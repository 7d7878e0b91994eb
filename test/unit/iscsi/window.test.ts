/** How many commands sessions may send: MaxCmdSN, RFC 7143, 4.2.2.1. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { Conn } from "../../../src/iscsi/conn.ts"
import type { Socket } from "../../../src/drivers/w5500.ts"
import { port } from "../../support/target.ts"

const { makeConn } = await import("../../../src/iscsi/conn.ts")
const task = await import("../../../src/iscsi/task.ts")
const { openWindow, closeWindow, takeTask, returnCredit, endTask } = task

/** As many as there are sockets at both ports. */
const SESSIONS = 8

function logIn(): Conn {
    const c = makeConn(port, { block: 8 } as Socket)
    assert(openWindow(c))
    port.sessions.push(c)
    return c
}

function logOut(c: Conn) {
    closeWindow(c)
    port.sessions.splice(port.sessions.indexOf(c), 1)
}

/** A command that the session was promised. */
function command(c: Conn) {
    const t = takeTask(c, true)
    assert(t, "a promise that is kept")
    t.state = task.TaskState.Reading
    return t
}

const all = task.freeTasks()

test("sessions of all sockets may each send the next when one has ended", () => {
    const sessions = Array.from({ length: SESSIONS }, logIn)
    for (const isRead of [false, true])
        for (const c of sessions) {
            while (c.granted > 1) endTask(command(c))
            const t = command(c)
            // a read's last data tell of the window before the command ends
            if (isRead) returnCredit(t)
            if (isRead) assert.ok(c.granted > 0, "nobody would tell it later")
            endTask(t)
            assert.ok(c.granted > 0)
        }
    sessions.forEach(logOut)
    assert.equal(task.freeTasks(), all)
})

describe("a port that is held", () => {
    test("promises nothing more, until it goes on", () => {
        const c = logIn()
        port.isHeld = true
        for (let n = c.granted; n > 0; n--) endTask(command(c))
        assert.equal(c.granted, 0)
        port.isHeld = false
        task.reopenWindows(port)
        assert.ok(c.granted > 1)
        logOut(c)
        assert.equal(task.freeTasks(), all)
    })
    test("forgets a session that ends with a closed window", () => {
        const wide = logIn()
        const before = wide.granted
        logOut(wide)
        for (let k = 0; k < 2 * SESSIONS; k++) {
            const c = logIn()
            port.isHeld = true
            for (let n = c.granted; n > 0; n--) endTask(command(c))
            logOut(c)
            port.isHeld = false
        }
        const c = logIn()
        assert.equal(c.granted, before, "there is one session")
        logOut(c)
    })
})
