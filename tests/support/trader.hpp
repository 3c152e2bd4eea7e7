#pragma once

namespace tide {

// A strategy that trades all day: buys the call at the money when it holds nothing, sells it two bars later.
inline constexpr const char* kTrader = R"(
local S = strategy { name = "trader", version = "1.0.0", api = 1,
  needs = { symbols = { "NIFTY" }, bars = { "1m" }, chain = { strikes = 3 } } }
local held = 0
function S.on_bar(ctx, bar)
  local open = ctx:positions()
  if #open == 0 then
    held = 0
    ctx:enter { leg = ctx:chain("NIFTY", { min_days = 4 }):atm("CE"), lots = 1, stop_pct = 1.9, why = "to trade" }
  else
    held = held + 1
    if held > 1 then ctx:exit(open[1].id, { rule = "time", reason = "held long enough" }) end
  end
end
return S
)";

}  // namespace tide
