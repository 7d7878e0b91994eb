/** What an operator can order with one key, and what will happen then. */
export interface OperatorCommand {
    key: string
    name: string
    says: string
}

export const OPERATOR_COMMANDS: readonly OperatorCommand[] = [
    {
        key: "t",
        name: "takeover",
        says: "serves its partner's volume, too, until giveback or a restart; hosts wait 0.1 to 0.2 s",
    },
    {
        key: "g",
        name: "giveback",
        says: "gives its partner's volume back; hosts wait 0.1 to 0.2 s",
    },
    {
        key: "v",
        name: "verify",
        says: "compares both copies of what it serves mirrored, in the time that hosts leave, and tells which blocks differ",
    },
    {
        key: "x",
        name: "stop-verify",
        says: "does not go on comparing",
    },
    {
        key: "r",
        name: "resync",
        says: "copies all that it serves to its partner again; until that is over, there is one copy",
    },
    {
        key: "a",
        name: "serve-alone",
        says: "serves what it waits with, without its partner: only if the partner is gone for good",
    },
    {
        key: "d",
        name: "discard",
        says: "gives up this board's copy, and all that was written to it alone, for its partner's",
    },
]
