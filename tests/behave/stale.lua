-- V16 in Lua: what is derived from a stale value is stale, unless it says otherwise; staleness can be waited for.
-- front.distance was measured once, and is stale after a second.

local old = value "front.distance"
local double = old:transform(function(x) return 2 * x end)
local kept = old:transform(function(x) return 2 * x end, { stale = "keep" })
local both = compose { old = old, one = AsyncValue(1) }
local both_kept = compose({ old = old, one = AsyncValue(1) }, { stale = "keep" })
local of_both = compose({ old = old, transform = function(t) return t.old end }, { stale = "keep" })

local function states()
	return old.state, double.state, kept.state, both.state, both_kept.state, of_both.state
end

print(now(), states())
print(expr("stale(front.distance)"):wait_value(true), now())
print(states())
print(double:wait_value(nil, { timeout = 1 }))
print(double:wait_value(nil, { timeout = 1, stale = "use" }))
print(kept:wait_value(nil, { timeout = 1 }))
print(double.value, double.age == old.age, double.error)
