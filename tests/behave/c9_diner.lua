-- Nine customers, a waiter, a chef, and one who cooks for himself: who is the slow one? behave_dump.c asks the
-- task dump, 12 s after the start.
local function cook(seconds)
	sleep(seconds)
	return "ramen"
end

local function chef(seconds)
	local dish = cook(seconds)
	return dish
end

local function waiter(seconds)
	local dish = chef(seconds)
	return dish
end

local function customer(i)
	-- One of them has ordered what takes long.
	local dish = waiter(i == 7 and 30 or i)
	print("customer " .. i, dish, now())
end

local function hungry()
	local dish = cook(40)
	print("alone", dish, now())
end

nursery(function(n)
	for i = 1, 9 do n:start(customer, i) end
	sleep(0.5)
	n:start(hungry)
end)
