/** Whether the settings of a pair can work, all together. */
import { boardSettings, MAX_SETTING } from "./boardsettings.ts"
import {
    FIELDS,
    ipNumber,
    KEYS,
    parseMac,
    type Key,
    type Values,
} from "./fields.ts"

export interface Problem {
    field: Key
    what: string
}

/** The boards' own cable; SPEC.md, "The link". */
const LINK_NET = ipNumber("169.254.77.0")
const LINK_MASK = ipNumber("255.255.255.0")
const BOARDS = ["A", "B"] as const

/** @returns what is wrong, by field; nothing when all is well */
export function checkPair(values: Values): Problem[] {
    const problems = KEYS.flatMap(field => checkField(field, values[field]))
    // what follows compares fields that are right by themselves
    return problems.length ? problems : checkTogether(values)
}

function checkField(field: Key, value: string): Problem[] {
    const what = checkValue(field, value)
    return what ? [{ field, what }] : []
}

/** @returns what is wrong with a value by itself, if anything is */
export function checkValue(field: Key, value: string): string | undefined {
    const { check, isOptional, isSecret } = FIELDS[field]
    if (value === "") return isOptional ? undefined : "is missing"
    const what = check(value)
    return what && `${isSecret ? "what is there" : `"${value}"`} ${what}`
}

function checkTogether(values: Values): Problem[] {
    return [
        ...checkAddresses(values),
        ...checkNames(values),
        ...checkChap(values),
        ...fit(values),
    ]
}

function checkAddresses(values: Values): Problem[] {
    const problems: Problem[] = []
    const say = (field: Key, what: string) => problems.push({ field, what })
    const mask = ipNumber(values.NETMASK)
    const net = (ip: string) => (ipNumber(ip) & mask) >>> 0
    const hosts = 0xffffffff - mask
    const own = net(values.A_IP)
    for (const board of BOARDS) {
        const field = `${board}_IP` as const
        const host = ipNumber(values[field]) - net(values[field])
        if (host === 0) say(field, "is the network itself")
        else if (host === hosts)
            say(field, "is the network's broadcast address")
        if ((ipNumber(values[field]) & LINK_MASK) >>> 0 === LINK_NET)
            say(field, "is in 169.254.77.0/24, which the boards' cable uses")
    }
    if (values.A_IP === values.B_IP) say("B_IP", "is board a's, too")
    else if (net(values.B_IP) !== own)
        say("B_IP", "is in another network than A_IP: a takes it over from b")
    const { GATEWAY } = values
    if (GATEWAY && net(GATEWAY) !== own)
        say("GATEWAY", "is in another network than the boards")
    if (GATEWAY && [values.A_IP, values.B_IP].includes(GATEWAY))
        say("GATEWAY", "is a board's address")
    return problems
}

function checkNames(values: Values): Problem[] {
    const [a, b] = [values.A_MAC, values.B_MAC].map(parseMac)
    // the link's chips take theirs from the last four bytes
    const isSame = a?.slice(4) === b?.slice(4)
    const problems: Problem[] = []
    if (a === b) problems.push({ field: "B_MAC", what: "is board a's, too" })
    else if (isSame)
        problems.push({
            field: "B_MAC",
            what: "must differ from A_MAC in its last four bytes",
        })
    if (values.A_TARGET === values.B_TARGET)
        problems.push({ field: "B_TARGET", what: "is board a's, too" })
    return problems
}

function checkChap({ CHAP_USER, CHAP_SECRET }: Values): Problem[] {
    if (CHAP_USER && !CHAP_SECRET)
        return [{ field: "CHAP_SECRET", what: "is missing: CHAP_USER is set" }]
    if (CHAP_SECRET && !CHAP_USER)
        return [{ field: "CHAP_USER", what: "is missing: CHAP_SECRET is set" }]
    return []
}

/** What a board can store. */
function fit(values: Values): Problem[] {
    return (["a", "b"] as const).flatMap(board =>
        Object.entries(boardSettings(values, board)).flatMap(([key, value]) => {
            const size = key.length + JSON.stringify(value).length
            const field: Key = board === "a" ? "A_TARGET" : "B_TARGET"
            return size < MAX_SETTING
                ? []
                : [{ field, what: `setting ${key} would be too long` }]
        }),
    )
}
