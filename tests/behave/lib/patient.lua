-- A behaviour that waits.
local touched = value "head.touched"
local greeted = 0

local function greet()
  touched:wait_value(true)
  greeted = greeted + 1
  print("hello", greeted)
end

return behaviour {
  run = function()
    while true do greet() end
  end,
}
