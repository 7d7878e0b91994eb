/** What is written to a board: the firmware's settings (SPEC.md, chapter 4). */
import { parseMac, type Values } from "./fields.ts"

/** A setting's key and JSON together; more would reset a Pico. */
export const MAX_SETTING = 225

/** Settings of a board of a pair whose values are right. */
export function boardSettings(
    values: Values,
    name: "a" | "b",
): Record<string, unknown> {
    const own =
        name === "a"
            ? { ip: values.A_IP, mac: values.A_MAC, target: values.A_TARGET }
            : { ip: values.B_IP, mac: values.B_MAC, target: values.B_TARGET }
    return {
        "tw.board": {
            name,
            pair: Number(values.PAIR),
            mib: Number(values.VOLUME_MIB),
            mirror: [values.A_MIRROR, values.B_MIRROR],
        },
        "tw.net": {
            ip: own.ip,
            mask: values.NETMASK,
            gateway: values.GATEWAY || "0.0.0.0",
            mac: parseMac(own.mac),
            port: Number(values.PORT),
        },
        "tw.target": own.target,
        "tw.key": values.PAIR_KEY,
        ...(values.CHAP_SECRET && {
            "tw.chap": { user: values.CHAP_USER, secret: values.CHAP_SECRET },
        }),
    }
}
