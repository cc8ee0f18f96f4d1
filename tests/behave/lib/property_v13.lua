-- Rule V13 as a property: a loop over what a value is, with a body that takes its time, against a model of when
-- it looks and what it then sees. The seed is a value of the world.

local seed = value("test.seed").value
local function below(n)
	seed = (seed * 1103515245 + 12345) % 2147483648
	return seed // 65536 % n
end

-- Sets come at whole seconds, and bodies end between them.
local bodies = {}
for i = 1, 200 do bodies[i] = below(2) == 0 and 0 or below(5) * 0.83 + 0.37 end

local model = { yields = {}, busy_until = 0, has_last = false }

local function look(t, x)
	if x < 0 then
		model.has_last = false
	elseif not model.has_last or model.last ~= x then
		model.has_last, model.last = true, x
		model.yields[#model.yields + 1] = x
		model.busy_until = t + bodies[#model.yields]
	end
end

-- The value has been @x since the last set, and at @t it will be set again.
local function go_on(t, x)
	while model.busy_until > 0 and model.busy_until <= t do
		local ended = model.busy_until
		model.busy_until = 0
		look(ended, x)
		if model.busy_until == ended then model.busy_until = 0 end -- an empty body
	end
end

local v, yields = AsyncValue(0), {}
nursery(function(n)
	n:service(function()
		for x in v:eventual_values(ge(0)) do
			assert(x == v.value and x >= 0, "what is not any more")
			yields[#yields + 1] = x
			if bodies[#yields] > 0 then sleep(bodies[#yields]) end
		end
	end)
	look(0, 0)
	local x = 0
	for t = 1, 100 do
		sleep_until(t)
		go_on(t, x)
		for _ = 1, below(4) do
			x = below(4) - 1
			v.value = x
		end
		if model.busy_until == 0 then
			look(t, x)
			if model.busy_until == t then model.busy_until = 0 end
		end
	end
	sleep(30)
	go_on(200, x)
end)
for i = 1, math.max(#yields, #model.yields) do
	assert(yields[i] == model.yields[i], ("turn %d: %s, not %s"):format(i, yields[i], model.yields[i]))
end
assert(#yields > 10, "it looks at something")
