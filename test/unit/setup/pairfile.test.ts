/** Settings of a pair: what is right is written and read; what is wrong is named. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { boardSettings } from "../../../devs/setup/boardsettings.ts"
import { checkPair } from "../../../devs/setup/check.ts"
import { FIELDS, KEYS, type Values } from "../../../devs/setup/fields.ts"
import {
    readPairFile,
    tellProblems,
    writePairFile,
} from "../../../devs/setup/pairfile.ts"

const GOOD: Values = {
    PAIR: "30485",
    PAIR_KEY: "0123456789abcdef".repeat(4),
    VOLUME_MIB: "1024",
    NETMASK: "255.255.255.0",
    GATEWAY: "192.168.1.1",
    PORT: "3260",
    CHAP_USER: "ada",
    CHAP_SECRET: "twelve-chars",
    A_IP: "192.168.1.11",
    A_MAC: "02:54:57:01:02:0a",
    A_TARGET: "iqn.2026-11.com.example:twinstore.a",
    A_MIRROR: "sync",
    B_IP: "192.168.1.12",
    B_MAC: "02-54-57-01-02-0B",
    B_TARGET: "iqn.2026-11.com.example:twinstore.b",
    B_MIRROR: "async",
}

function problemsOf(text: string): string[] {
    const file = readPairFile(text)
    return tellProblems("twinstore.env", file, checkPair(file.values))
}

test("what is written is read, and all is well", () => {
    const text = writePairFile(GOOD)
    assert.deepEqual(readPairFile(text), { values: GOOD, problems: [] })
    assert.deepEqual(problemsOf(text), [])
})

test("what is suggested is right, and new each time", () => {
    const suggest = () =>
        Object.fromEntries(
            KEYS.map(key => [key, FIELDS[key].suggest()]),
        ) as Values
    for (let k = 0; k < 50; k++) assert.deepEqual(checkPair(suggest()), [])
    const [one, another] = [suggest(), suggest()]
    for (const key of ["PAIR", "PAIR_KEY", "A_MAC", "B_MAC"] as const)
        assert.notEqual(one[key], another[key])
})

test("a board gets what the firmware reads", () => {
    assert.deepEqual(boardSettings(GOOD, "b"), {
        "tw.board": {
            name: "b",
            pair: 30485,
            mib: 1024,
            mirror: ["sync", "async"],
        },
        "tw.net": {
            ip: "192.168.1.12",
            mask: "255.255.255.0",
            gateway: "192.168.1.1",
            mac: "02545701020b",
            port: 3260,
        },
        "tw.target": "iqn.2026-11.com.example:twinstore.b",
        "tw.key": "0123456789abcdef".repeat(4),
        "tw.chap": { user: "ada", secret: "twelve-chars" },
    })
    const open = { ...GOOD, CHAP_USER: "", CHAP_SECRET: "" }
    assert.equal(boardSettings(open, "b")["tw.chap"], undefined)
    const { "tw.net": net } = boardSettings({ ...GOOD, GATEWAY: "" }, "a")
    assert.equal((net as { gateway: string }).gateway, "0.0.0.0")
})

/** Changes of a good file, and what is said of each. */
const WRONG: [change: Partial<Values>, says: RegExp][] = [
    [{ PAIR: "" }, /^PAIR: is missing$/],
    [{ PAIR: "0" }, /^PAIR: "0" must be a whole number from 1 to 4294967295$/],
    [{ PAIR: "4294967296" }, /^PAIR: /],
    [{ PAIR: "0x77" }, /^PAIR: /],
    [{ PAIR: "-3" }, /^PAIR: /],
    [{ PAIR_KEY: "" }, /^PAIR_KEY: is missing$/],
    [{ PAIR_KEY: "0123" }, /^PAIR_KEY: what is there must be 64 hex digits$/],
    [{ PAIR_KEY: "x".repeat(64) }, /^PAIR_KEY: what is there must be 64 hex/],
    [{ VOLUME_MIB: "" }, /^VOLUME_MIB: is missing$/],
    [{ VOLUME_MIB: "1.5" }, /^VOLUME_MIB: "1.5" must be a whole number/],
    [{ VOLUME_MIB: "0" }, /^VOLUME_MIB: /],
    [{ VOLUME_MIB: "2000000" }, /^VOLUME_MIB: /],
    [{ NETMASK: "255.255.0.255" }, /^NETMASK: .* ones must come first/],
    [{ NETMASK: "255.255.255" }, /^NETMASK: .* no IPv4 mask/],
    [{ NETMASK: "255.255.255.254" }, /^NETMASK: .* no room for two boards/],
    [{ NETMASK: "0.0.0.0" }, /^NETMASK: /],
    [{ GATEWAY: "192.168.2.1" }, /^GATEWAY: is in another network/],
    [{ GATEWAY: "192.168.1.12" }, /^GATEWAY: is a board's address$/],
    [{ GATEWAY: "router" }, /^GATEWAY: "router" is no IPv4 address/],
    [{ PORT: "65536" }, /^PORT: /],
    [{ PORT: "iscsi" }, /^PORT: /],
    [{ CHAP_USER: "" }, /^CHAP_USER: is missing: CHAP_SECRET is set$/],
    [{ CHAP_SECRET: "" }, /^CHAP_SECRET: is missing: CHAP_USER is set$/],
    [
        { CHAP_SECRET: "short" },
        /^CHAP_SECRET: what is there must have 12 to 16/,
    ],
    [{ CHAP_SECRET: "much-too-long-to-be-one" }, /^CHAP_SECRET: what is there/],
    [{ CHAP_SECRET: "zwölf-zeichen" }, /^CHAP_SECRET: what .* ASCII/],
    [{ CHAP_USER: "u".repeat(41) }, /^CHAP_USER: .* must have 40 at most/],
    [{ A_IP: "192.168.1.256" }, /^A_IP: .* is no IPv4 address/],
    [{ A_IP: "192.168.1" }, /^A_IP: /],
    [{ A_IP: "127.0.0.11" }, /^A_IP: .* no address that a host can have/],
    [{ A_IP: "224.0.0.11" }, /^A_IP: /],
    [{ A_IP: "192.168.1.0" }, /^A_IP: is the network itself$/],
    [{ B_IP: "192.168.1.255" }, /^B_IP: is the network's broadcast address$/],
    [{ B_IP: "192.168.1.11" }, /^B_IP: is board a's, too$/],
    [{ B_IP: "192.168.2.12" }, /^B_IP: is in another network than A_IP/],
    [
        { A_IP: "169.254.77.1", B_IP: "169.254.77.2", GATEWAY: "" },
        /^A_IP: is in 169\.254\.77\.0\/24, which the boards' cable uses$/,
    ],
    [{ A_MAC: "03:54:57:01:02:0a" }, /^A_MAC: .* first byte must be even$/],
    [{ A_MAC: "02:54:57:01:02" }, /^A_MAC: .* must be 12 hex digits/],
    [{ A_MAC: "00:00:00:00:00:00" }, /^A_MAC: .* nobody's address$/],
    [{ B_MAC: "02545701020A" }, /^B_MAC: is board a's, too$/],
    [{ B_MAC: "06:11:57:01:02:0a" }, /^B_MAC: .* last four bytes$/],
    [{ A_TARGET: "twinstore" }, /^A_TARGET: .* is no iSCSI name/],
    [{ A_TARGET: "iqn.2026-13.com.example:a" }, /^A_TARGET: /],
    [{ A_TARGET: "iqn.2026-11.com.Example:a" }, /^A_TARGET: .* lower case$/],
    [
        { A_TARGET: `iqn.2026-11.com.example:${"a".repeat(60)}` },
        /^A_TARGET: .* has 84 characters: 75 at most$/,
    ],
    [{ B_TARGET: "iqn.2026-11.com.example:b c" }, /^B_TARGET: /],
    [{ A_MIRROR: "" }, /^A_MIRROR: is missing$/],
    [
        { B_MIRROR: "Sync" },
        /^B_MIRROR: "Sync" must be one of sync, async, none$/,
    ],
    [{ B_TARGET: GOOD.A_TARGET }, /^B_TARGET: is board a's, too$/],
]

for (const [change, says] of WRONG)
    test(`${JSON.stringify(change)} is refused by name`, () => {
        const [first, ...others] = problemsOf(
            writePairFile({ ...GOOD, ...change }),
        )
        assert.match(first ?? "nothing", says)
        for (const other of others)
            assert.match(other, /^[AB]_IP: is in 169/, "one problem, one line")
    })

/** Lines that a good file has besides. */
const STRANGE: [line: string, says: RegExp][] = [
    ["A_IPP=192.168.1.11", /: A_IPP is no setting: PAIR, /],
    ["A_IP=192.168.1.13", /: A_IP stands in line \d+ already$/],
    ["boards are two", /: is no KEY=value$/],
]

for (const [line, says] of STRANGE)
    test(`the line "${line}" is refused by its number`, () => {
        const text = writePairFile(GOOD) + line
        const number = text.split("\n").length
        const [said, ...others] = problemsOf(text)
        assert.match(said, new RegExp(`^twinstore\\.env:${number}: `))
        assert.match(said, says)
        assert.deepEqual(others, [])
    })
