/** All checks; each looks at every history. */
import { available } from "./available.ts"
import { cards } from "./cards.ts"
import type { Check } from "./check.ts"
import { data } from "./data.ts"
import { errors } from "./errors.ts"
import { garbled } from "./garbled.ts"
import { noNeedlessFence } from "./no-needless-fence.ts"
import { oneOwner } from "./one-owner.ts"
import { oneServer } from "./one-server.ts"
import { tables } from "./tables.ts"
import { verified } from "./verified.ts"

export const checks: Check[] = [
    data,
    oneOwner,
    oneServer,
    cards,
    tables,
    errors,
    garbled,
    available,
    noNeedlessFence,
    verified,
]
