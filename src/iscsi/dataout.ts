/** SCSI Data-Out PDUs: RFC 7143, 11.7. */
import { get32 } from "../wire/bytes"
import { BUFFER_OFFSET, FINAL, FLAGS, ITT, NO_TAG, TTT } from "../wire/iscsi"
import { Conn, Sink } from "./conn"
import { TASKS, Task, tasks, TaskState } from "./task"
import { afterData } from "./transfer"

function find(c: Conn, itt: number): Task | undefined {
    for (let i = 0; i < TASKS; ++i) {
        const t = tasks[i]
        if (
            t.state === TaskState.Receiving &&
            t.itt === itt &&
            t.conn === c &&
            !t.isOrphan
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
    const isUnsolicited = ttt === NO_TAG
    if (!isUnsolicited && ttt !== t.index)
        return "Data-Out for an R2T that was not sent"
    if (get32(b, at + BUFFER_OFFSET) !== t.offset)
        return "Data-Out at the wrong offset"
    if (length > (isUnsolicited ? t.unsolicited : t.solicited))
        return "Data-Out longer than asked for"
    const isFinal = (b[at + FLAGS] & FINAL) !== 0
    if (isUnsolicited) {
        t.unsolicited -= length
        if (isFinal) t.unsolicited = 0
    } else {
        t.solicited -= length
        if (isFinal && t.solicited > 0) return "Data-Out shorter than asked for"
    }
    if (length > 0) {
        c.sink = Sink.Task
        c.sinkTask = t.index
    } else afterData(c, t)
    return undefined
}
