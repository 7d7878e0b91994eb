/** The initiator's part of CHAP: RFC 1994 4.1, RFC 7143 12.1.3. */
import { createHash } from "node:crypto"
import type { RespondToChallenge } from "./initiator.ts"

/** Answers as one who knows the secret. */
export function knowing(user: string, secret: string): RespondToChallenge {
    return ({ CHAP_I, CHAP_C }) => {
        const response = createHash("md5")
            .update(Buffer.from([Number(CHAP_I)]))
            .update(secret)
            .update(Buffer.from(CHAP_C.slice(2), "hex"))
            .digest("hex")
        return { CHAP_N: user, CHAP_R: `0x${response}` }
    }
}
