/** The settings of a pair, one by one: what each is, and what it may be. */
import { randomBytes } from "node:crypto"

export const KEYS = [
    "PAIR",
    "PAIR_KEY",
    "VOLUME_MIB",
    "NETMASK",
    "GATEWAY",
    "PORT",
    "CHAP_USER",
    "CHAP_SECRET",
    "A_IP",
    "A_MAC",
    "A_TARGET",
    "A_MIRROR",
    "B_IP",
    "B_MAC",
    "B_TARGET",
    "B_MIRROR",
] as const
export type Key = (typeof KEYS)[number]
/** As they stand in the file. */
export type Values = Record<Key, string>

export interface Field {
    /** what a person is told, in one line */
    about: string
    /** in a new file; made anew each time where it has to be unique */
    suggest(): string
    /** @returns what is wrong with a value, if anything is */
    check(value: string): string | undefined
    /** may be empty */
    isOptional?: boolean
    /** is never printed */
    isSecret?: boolean
}

/** A number that is no multiple of what people type. */
function randomNumber(limit: number): number {
    return 1 + Math.floor(Math.random() * (limit - 1))
}

const KEY_BYTES = 32
/** u32 on the card and on the link. */
const MAX_PAIR = 0xffffffff
/** Twice that, and what stands before the volumes, is the largest card's. */
const MAX_MIB = 1 << 20
/** What the wire's layout has room for; SPEC.md, chapter 4. */
const MAX_TARGET = 75

/** @returns four numbers, or undefined */
export function parseIp(text: string): number[] | undefined {
    if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined
    const parts = text.split(".").map(Number)
    return parts.every(n => n <= 255) ? parts : undefined
}

/** As one number, for masks. */
export function ipNumber(text: string): number {
    return (parseIp(text) ?? []).reduce((n, part) => n * 256 + part, 0)
}

/** @returns twelve lower-case hex digits, or undefined */
export function parseMac(text: string): string | undefined {
    const isMac = /^[0-9a-f]{2}([:-]?[0-9a-f]{2}){5}$/i.test(text)
    return isMac ? text.replace(/[:-]/g, "").toLowerCase() : undefined
}

function wholeNumber(from: number, to: number) {
    return (value: string) => {
        const n = Number(value)
        return /^\d+$/.test(value) && n >= from && n <= to
            ? undefined
            : `must be a whole number from ${from} to ${to}`
    }
}

function checkIp(value: string) {
    const parts = parseIp(value)
    if (!parts) return "is no IPv4 address, as 192.168.1.11 is"
    const isForHosts = parts[0] > 0 && parts[0] !== 127 && parts[0] < 224
    return isForHosts ? undefined : "is no address that a host can have"
}

function checkMask(value: string) {
    if (!parseIp(value)) return "is no IPv4 mask, as 255.255.255.0 is"
    const hosts = 0xffffffff - ipNumber(value)
    // ones, then zeros; and room for two boards
    const isMask = ((hosts + 1) & hosts) === 0 && hosts < 0xffffffff
    if (!isMask) return "is no mask: ones must come first, then zeros"
    return hosts >= 3 ? undefined : "leaves no room for two boards"
}

function checkMac(value: string) {
    const mac = parseMac(value)
    if (!mac) return "must be 12 hex digits, as 02:54:57:01:02:0a"
    if (parseInt(mac.slice(0, 2), 16) & 1)
        return "is a group's address: its first byte must be even"
    return /^0+$/.test(mac) ? "is nobody's address" : undefined
}

/** RFC 7143, 4.2.7: `iqn.` year-month `.` domain reversed, `:` what one likes. */
function checkTarget(value: string) {
    if (value.length > MAX_TARGET)
        return `has ${value.length} characters: ${MAX_TARGET} at most`
    if (/[A-Z]/.test(value)) return "must be in lower case"
    return /^iqn\.\d{4}-(0[1-9]|1[0-2])(\.[a-z0-9-]+)+(:[a-z0-9.:-]+)?$/.test(
        value,
    )
        ? undefined
        : "is no iSCSI name, as iqn.2026-11.com.example:twinstore.a is"
}

/** The firmware's words; SPEC.md, chapter 4. */
const MIRRORINGS = ["sync", "async", "none"]

function checkMirror(value: string) {
    return MIRRORINGS.includes(value)
        ? undefined
        : `must be one of ${MIRRORINGS.join(", ")}`
}

const MAX_USER = 40
/** RFC 7143 12.1.3: 96 bits at least; Windows takes no more than 16 bytes. */
const SECRET = [12, 16]

function checkUser(value: string) {
    if (!/^[!-~]*$/.test(value)) return "must be of ASCII characters, no spaces"
    return value.length > MAX_USER ? `must have ${MAX_USER} at most` : undefined
}

/** @returns never the value: it is a secret */
function checkSecret(value: string) {
    if (!/^[!-~]*$/.test(value)) return "must be of ASCII characters, no spaces"
    const [min, max] = SECRET
    const isFit = value.length >= min && value.length <= max
    return isFit ? undefined : `must have ${min} to ${max} characters`
}

/** A locally administered address: of nobody's making. */
function suggestMac(board: "a" | "b") {
    const byte = () => randomNumber(256).toString(16).padStart(2, "0")
    return `02:54:57:${byte()}:${byte()}:0${board}`
}

function boardFields(board: "a" | "b") {
    return {
        ip: {
            about: `board ${board}'s address: hosts connect to it`,
            suggest: () => `192.168.1.${board === "a" ? 11 : 12}`,
            check: checkIp,
        },
        mac: {
            about: `board ${board}'s Ethernet address: unique on the network`,
            suggest: () => suggestMac(board),
            check: checkMac,
        },
        target: {
            about: `the iSCSI name of board ${board}'s volume`,
            suggest: () => `iqn.2026-11.com.example:twinstore.${board}`,
            check: checkTarget,
        },
        mirror: {
            about:
                `how board ${board}'s volume is mirrored: sync, or async ` +
                "(the last writes may be lost when it dies), or none",
            suggest: () => "sync",
            check: checkMirror,
        },
    }
}

const a = boardFields("a")
const b = boardFields("b")

export const FIELDS: Record<Key, Field> = {
    PAIR: {
        about: "a number that no other pair has: cards of other pairs are refused",
        suggest: () => String(randomNumber(MAX_PAIR)),
        check: wholeNumber(1, MAX_PAIR),
    },
    PAIR_KEY: {
        about: "a secret of both boards, 64 hex digits: no other board is one of the pair",
        suggest: () => randomBytes(KEY_BYTES).toString("hex"),
        check: value =>
            /^[0-9a-f]{64}$/i.test(value) ? undefined : "must be 64 hex digits",
        isSecret: true,
    },
    VOLUME_MIB: {
        about: "MiB of each board's volume; a card has both, and 2 MiB more",
        suggest: () => "1024",
        check: wholeNumber(1, MAX_MIB),
    },
    NETMASK: {
        about: "the network's mask",
        suggest: () => "255.255.255.0",
        check: checkMask,
    },
    GATEWAY: {
        about: "the router's address; empty when all hosts are on this network",
        suggest: () => "",
        check: checkIp,
        isOptional: true,
    },
    PORT: {
        about: "TCP port of both boards; 3260 is iSCSI's",
        suggest: () => "3260",
        check: wholeNumber(1, 65535),
    },
    CHAP_USER: {
        about: "who hosts log in as (CHAP); empty: anybody may log in",
        suggest: () => "",
        check: checkUser,
        isOptional: true,
    },
    CHAP_SECRET: {
        about: "and the secret that they must know, 12 to 16 characters",
        suggest: () => "",
        check: checkSecret,
        isOptional: true,
        isSecret: true,
    },
    A_IP: a.ip,
    A_MAC: a.mac,
    A_TARGET: a.target,
    A_MIRROR: a.mirror,
    B_IP: b.ip,
    B_MAC: b.mac,
    B_TARGET: b.target,
    B_MIRROR: b.mirror,
}
