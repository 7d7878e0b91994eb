/** SCSI Data-Out PDUs: RFC 7143, 11.7. */
import { get32 } from "../wire/bytes"
import { BUFFER_OFFSET, FINAL, FLAGS, ITT, NO_TAG, TTT } from "../wire/iscsi"
import { Conn, Sink } from "./conn"
import { isOrphan, Task, TaskFlag, TASKS, tasks, TaskState } from "./task"
import { afterData } from "./transfer"

function find(c: Conn, itt: number): Task | undefined {
    for (let i = 0; i < TASKS; ++i) {
        const t = tasks[i]
        if (
            t.state === TaskState.Receiving &&
            t.itt === itt &&
            t.conn === c &&
            !isOrphan(t)
        )
            return t
    }
    return undefined
}

export function dataOutPdu(
    c: Conn,
    b: Buffer,
    at: number,
    length: number,
): string | undefined {
    const t = find(c, b.getAt(at + ITT, "u32"))
    // a command that failed at once, or was aborted: its data are dropped
    if (!t) return undefined
    const ttt = b.getAt(at + TTT, "u32")
    const isUnsolicited = (t.flags & TaskFlag.Solicited) === 0
    if (ttt !== (isUnsolicited ? NO_TAG : t.index))
        return "Data-Out for an R2T that was not sent"
    if (get32(b, at + BUFFER_OFFSET) !== t.offset)
        return "Data-Out at the wrong offset"
    if (length > t.owed) return "Data-Out longer than asked for"
    t.owed -= length
    if (b[at + FLAGS] & FINAL) {
        if (t.owed > 0 && !isUnsolicited)
            return "Data-Out shorter than asked for"
        t.owed = 0
    }
    if (length > 0) {
        c.sink = Sink.Task
        c.sinkTask = t.index
    } else afterData(c, t)
    return undefined
}
