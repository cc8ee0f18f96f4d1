-- Values: reading, setting, waiting, deriving.

local rate, touched = value "imu.rate", value "head.touched"
print(rate.value, rate.state, rate.age, rate.unit == "", touched.value)

local v = AsyncValue(10)
print(v, v.value, v.version)
print("now", v:wait_value(10))
print("time-out", v:wait_value(11, { timeout = 1 }))

nursery(function(n)
	n:start(function() print("gt", v:wait_value(gt(20)), now()) end)
	n:start(function() print("function", v:wait_value(function(x) return x % 7 == 0 end), now()) end)
	n:start(function() print("transition", v:wait_transition()) end)
	n:start(function() print("held", v:wait_value(between(0, 100), { held_for = 2 }), now()) end)
	n:start(function()
		for new, old in v:transitions(changed) do
			print("edge", new, old)
			if new == null then break end
		end
	end)
	n:start(function()
		for x in v:eventual_values(ne(null)) do
			print("eventual", x)
			if x == 51 then break end
		end
	end)
	sleep(1)
	v.value = 21
	v.value = 0
	sleep(1)
	v.value = null
	sleep(1)
	batch(function() v.value = 50 v.value = 51 end)
end)

local x, y = AsyncValue(42), AsyncValue(0)
local product = compose { x = x, y = y, transform = function(p) return p.x * p.y end }
print(product.value)
y.value = 10
print(product.value, product:transform(function(p) return { half = p / 2 } end).value.half)
print(pcall(function() product.value = 3 end))
print(expr("imu.rate > 50 and battery.percent > 20").value)
print(pcall(expr, "imu.rat > 50"))
local warm = hysteresis(x, 40, 45)
print(warm.value)
x.value = 46
print(warm.value)
x.value = 42
print(warm.value)

print(pcall(function() v:wait_value(function() sleep(1) end) end))
print(pcall(function() v:wait_value(function() while true do end end) end))
print(pcall(function() v:wait_value(function(a) return a.b.c end) end))
print(v:wait_value(function() return true end))
print(pcall(batch, function() sleep(1) end))

nursery(function(n)
	n:start(function() print("closed", x:wait_value(1)) end)
	n:start(function() for _ in product:eventual_values() do end print("loop ends") end)
	sleep(1)
	x:close()
end)

local b = Event()
nursery(function(n)
	n:service(function() for i in b:events() do print("event", i) end end)
	b:set()
	b:set()
	sleep(1)
	b:set()
	sleep(1)
end)

local point = AsyncValue { x = 1, y = 2, z = 3 }
print(point.value.y, point)
local list = AsyncValue { 3, 1, { name = "n" } }
print(#list.value, list.value[3].name, list)

for elapsed, delta, missed in periodic(1.5) do
	print(elapsed, delta, missed)
	if elapsed >= 9 then break end
	if elapsed == 3 then sleep(3.5) end
end
