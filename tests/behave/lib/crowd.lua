-- A behaviour of which 200 tasks wait.
local touched = value "head.touched"

return behaviour {
  run = function()
    nursery(function(n)
      for _ = 1, 200 do
        n:start(function() touched:wait_value(true) end)
      end
    end)
  end,
}
