-- What a call does not know it does not ignore: each is an error that says what there is.

local v = AsyncValue(1)
local ch = channel()

local function wrong(fn, ...) print(select(2, pcall(fn, ...))) end

-- V9 V10 V16: options of a wait
wrong(v.wait_value, v, 2, { helt_for = 1 })
wrong(v.wait_value, v, 2, { queue = 1 })
wrong(v.wait_value, v, 2, { [1] = "still" })
wrong(v.wait_value, v, 2, { stale = "no" })
wrong(v.wait_value, v, 2, { stale = true })
wrong(v.wait_value, v, 2, { still = 1 })
wrong(v.wait_value, v, 2, { soft = "yes" })
wrong(v.wait_value, v, 2, { timeout = "soon" })
wrong(v.wait_value, v, 2, { timeout = -1 })
wrong(v.wait_value, v, 2, { held_for = 0 / 0 })
wrong(v.wait_value, v, 2, { grace = 1 })
wrong(v.wait_value, v, 2, 5)
wrong(v.wait_value, v, 2, {}, 5)
wrong(function() v:wait_value() end)
wrong(v.wait_value, v, 2, { fresh = {} })

-- V11 V12 V13: an option of another call is none here
wrong(v.wait_transition, v, 2, { held_for = 1 })
wrong(v.wait_transition, v, 2, { still = true })
wrong(v.transitions, v, 2, { timeout = 1 })
wrong(v.transitions, v, 2, { queue = -1 })
wrong(v.transitions, v, 2, { queue = 1.5 })
wrong(v.transitions, v, 2, { queue = 5000 })
wrong(v.eventual_values, v, 2, { timeout = 1 })
wrong(v.eventual_values, v, 2, { held_four = 1 })

-- V7: comparisons
wrong(gt)
wrong(gt, "five")
wrong(gt, 0 / 0)
wrong(between, 5, 1)
wrong(v.wait_value, v, gt, 5)
wrong(v.wait_value, v, gt)
wrong(eq)
wrong(eq, nil)
wrong(eq, print)

-- P1 P3
wrong(periodic, 0)
wrong(periodic, 1, "skp")
wrong(channel, "large")
wrong(channel, -1)
wrong(function() ch:send() end)
wrong(function() ch:send(nil) end)
