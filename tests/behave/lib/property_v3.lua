-- Rule V3 as a property, with V5, V9 and V11: random graphs of derived values, random sets and batches, waiters
-- against a simple model. The seed is a value of the world.

local seed = value("test.seed").value
local function below(n)
	seed = (seed * 1103515245 + 12345) % 2147483648
	return seed // 65536 % n
end

local SOURCES, VALUES, WAITERS, STEPS = 4, 10, 12, 40
local values, inputs, computed = {}, {}, {}
local model, before = {}, {} -- what predicates must see, and what there was before

for i = 1, SOURCES do values[i] = AsyncValue(0) end
for i = SOURCES + 1, VALUES do
	local made = {}
	inputs[i], computed[i] = {}, 0
	for k = 1, 1 + below(3) do
		inputs[i][k] = 1 + below(i - 1)
		made["i" .. k] = values[inputs[i][k]]
	end
	made.transform = function(t)
		local sum = 0
		for k = 1, #inputs[i] do sum = sum + t["i" .. k] end
		computed[i] = computed[i] + 1
		return sum % 10
	end
	values[i] = compose(made)
end

-- Each derived value is the sum of its inputs modulo 10.
local function compute_model()
	for i = SOURCES + 1, VALUES do
		local sum = 0
		for _, k in ipairs(inputs[i]) do sum = sum + model[k] end
		model[i] = sum % 10
	end
end

for i = 1, SOURCES do model[i] = 0 end
compute_model()

-- A predicate that looks at the whole picture: never a mixture.
local function predicate(w)
	return function(new, old)
		w.looks = w.looks + 1
		for i = 1, VALUES do assert(values[i].value == model[i], "a mixture") end
		assert(new == model[w.of])
		if w.edge then assert(old == before[w.of]) end
		return new == w.want
	end
end

local function wait(w)
	local p = predicate(w)
	if w.edge then
		w.new, w.old = values[w.of]:wait_transition(p)
	else
		w.new = values[w.of]:wait_value(p)
	end
end

-- What the model says of the waiters in the transaction that comes.
local function expect(waiters)
	for _, w in ipairs(waiters) do
		if w.waits and model[w.of] ~= before[w.of] then
			w.expected = w.expected + 1
			if model[w.of] == w.want then
				w.waits, w.expected_new, w.expected_old = false, w.want, w.edge and before[w.of]
			end
		end
	end
end

local function transact(waiters)
	local sets = {}
	for i = 1, VALUES do before[i] = model[i] end
	for i = 1, 1 + below(3) do
		sets[i] = { 1 + below(SOURCES), below(10) }
		model[sets[i][1]] = sets[i][2]
	end
	compute_model()
	expect(waiters)
	for i = SOURCES + 1, VALUES do computed[i] = 0 end
	if #sets == 1 then
		values[sets[1][1]].value = sets[1][2]
	else
		batch(function() for _, set in ipairs(sets) do values[set[1]].value = set[2] end end)
	end
	for i = SOURCES + 1, VALUES do assert(computed[i] <= 1, "computed twice") end
	for i = 1, VALUES do assert(values[i].value == model[i]) end
end

nursery(function(n)
	local waiters = {}
	for i = 1, WAITERS do
		local w = { of = 1 + below(VALUES), want = below(10), edge = below(2) == 1, looks = 0 }
		waiters[i], w.expected, w.waits = w, w.edge and 0 or 1, true
		if not w.edge and model[w.of] == w.want then w.waits, w.expected_new = false, w.want end
		n:start(wait, w)
	end
	for _ = 1, 3 do sleep(0) end
	for _ = 1, STEPS do
		transact(waiters)
		if below(3) == 0 then sleep(0) end
	end
	for _ = 1, 3 do sleep(0) end -- who was woken runs, in whatever order
	for _, w in ipairs(waiters) do
		assert(w.looks == w.expected, "looks")
		assert(w.new == w.expected_new and w.old == (w.expected_old or nil), "captured")
	end
	n:cancel "checked"
end)
