import { WHO, type Workload } from "../workload.ts"

export const start: Workload = {
    name: "start",
    about: "used cards, from power-on to a mirrored pair",
    cards: "used",
    who: WHO,
    window: stage => stage.boot(),
}
