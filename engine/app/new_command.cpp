#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/commands.hpp"
#include "app/paths.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

constexpr size_t kNameMax = 64;

// NAME stands for the strategy's name.
constexpr std::string_view kStrategy =
    R"lua(-- NAME: buys when a bar closes above its average, sells when one closes below it.
--
-- Reading from top to bottom: what the strategy needs and can be told (params), then a function for everything that
-- it wants to hear of. docs/strategy-guide.md explains the rest.

local S = strategy {
  name = "NAME", version = "0.1.0", api = 1,

  -- What may be changed without touching the code: engine backtest … --param period=30
  params = {
    symbol   = param.text("RELIANCE", { help = "what to watch and trade" }),
    period   = param.integer(20, 2, 200, { help = "bars of the average" }),
    lots     = param.integer(1, 1, 10, { help = "lots an entry" }),
    stop_pct = param.percent(1.0, 0.1, 5, { help = "the engine closes the position this far below its entry" }),
  },

  -- The data: symbols, timeframes of their bars, and how many bars before the first callback.
  needs = function(p)
    return { symbols = { p.symbol }, bars = { "5m" }, history = { ["5m"] = 2 * p.period } }
  end,
}

local average   -- the indicator
local position  -- id of what we hold; nil when we hold nothing
local pending   -- id of an entry on its way

-- Once, before the first bar. Indicators are asked for here.
function S.on_start(ctx)
  average = ctx:indicator(ctx.params.symbol, "5m", "sma", ctx.params.period)
end

-- At every close of a bar. bar: symbol, tf, time, open, high, low, close, volume
function S.on_bar(ctx, bar)
  local level = average:value()                        -- of the bar that just closed; average:value(1) of the one before
  if not level then return ctx:skip("average not ready") end  -- missing is nil, never 0

  if position then
    if bar.close < level then
      ctx:exit(position, { rule = "below_average", reason = "closed below the average", priority = 4 })
    end
  elseif pending then
    ctx:skip("entry on its way")
  elseif bar.close > level then
    local id, code = ctx:enter {
      symbol = bar.symbol, lots = ctx.params.lots, stop_pct = ctx.params.stop_pct,
      why = string.format("close %.2f above average %.2f", bar.close, level),
    }
    pending = id
    if not id then ctx:skip("refused: " .. code) end   -- the engine's risk gate says no, and why
  else
    ctx:skip("below the average")                      -- why there was no trade: engine audit --kind skip
  end
end

-- An order's state changed. One that ended without a fill makes room for the next.
function S.on_order(ctx, order)
  if order.intent ~= pending or order.filled > 0 then return end
  if order.state == "rejected" or order.state == "cancelled" or order.state == "expired" then pending = nil end
end

-- Something was traded: look at what we hold now.
function S.on_fill(ctx, fill)
  local open = ctx:positions()[1]
  position, pending = open and open.id, nil
end

return S
)lua";

constexpr std::string_view kTest = R"lua(-- Tests of NAME.lua: engine test NAME_test.lua
-- Each makes a market of its own, plays it, and says what the strategy should have done.

describe("NAME", function()
  local market

  before_each(function()
    market = scripted_market {
      script = "NAME.lua",
      params = { symbol = "RELIANCE", period = 5 },
      prices = { RELIANCE = 1000 },                       -- where it stands until the test moves it
      history = { RELIANCE = { ["5m"] = trend(1000, 1000, 10) } },
    }
  end)

  it("buys when a bar closes above the average", function()
    market:bar { tf = "5m", close = 1004 }
    expect_orders { { side = "buy", symbol = "RELIANCE", lots = 1, purpose = "entry" } }
  end)

  it("does nothing while the price stands still", function()
    market:bars { tf = "5m", 1000, 1000, 1000 }
    expect_no_orders()
    expect_skip("below the average")
  end)

  it("sells when a bar closes below the average", function()
    market:bars { tf = "5m", 1004, 1005 }
    market:bar { tf = "5m", close = 999 }
    market:wait(5)                                        -- the order travels and is filled
    expect(market:positions()):equals({})
    expect(market:trades()[1].rule):equals("below_average")
  end)

  it("is closed by the engine at its stop", function()
    market:bar { tf = "5m", close = 1004 }
    market:wait(5)
    expect(market:positions()):has_length(1)
    market:tick(990)                                      -- more than 1 % below the entry
    market:wait(5)
    expect(market:trades()[1].rule):equals("stop")
  end)

  it("tries again after a rejected order", function()
    market:reject("no funds")
    market:bars { tf = "5m", 1004, 1008 }
    expect_orders { { side = "buy", state = "rejected" }, { side = "buy" } }
  end)
end)
)lua";

std::string filled_in(std::string_view pattern, const std::string& name) {
    static constexpr std::string_view kPlace = "NAME";
    std::string text;
    for (size_t at = 0; at < pattern.size();) {
        const size_t found = std::min(pattern.find(kPlace, at), pattern.size());
        text += pattern.substr(at, found - at);
        if (found < pattern.size()) text += name;
        at = found + kPlace.size();
    }
    return text;
}

bool good_name(const std::string& name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return !name.empty() && name.size() <= kNameMax && letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c); });
}

Result<void> write_new(const fs::path& file, const std::string& text) {
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    if (!out)
        return make_error(ErrorCode::io, fmt::format("{} cannot be written: {}", file.string(), std::strerror(errno)));
    return {};
}

}  // namespace

Result<ExitCode> new_command(const NewOptions& options) {
    auto paths = find_paths("");
    if (!paths) return paths.error();
    std::string name = options.name;
    if (name.ends_with(".lua")) name.resize(name.size() - 4);
    if (!good_name(name) || name.ends_with("_test")) {
        return make_error(ErrorCode::usage, fmt::format("'{}' cannot be a strategy's name: letters, digits and "
                                                        "underscores, a letter first, and no _test at the end; as in "
                                                        "engine new my_first",
                                                        options.name));
    }
    const fs::path folder = options.folder.empty() ? paths->resources / "strategies" : fs::path(options.folder);
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored))
        return make_error(ErrorCode::usage, fmt::format("there is no folder {}; make it first", folder.string()));
    const fs::path strategy = folder / (name + ".lua"), test = folder / (name + "_test.lua");
    for (const fs::path& file : {strategy, test}) {
        if (!fs::exists(file, ignored)) continue;
        return make_error(ErrorCode::usage,
                          fmt::format("{} is there already; choose another name, or remove it", file.string()));
    }
    if (auto written = write_new(strategy, filled_in(kStrategy, name)); !written) return written.error();
    if (auto written = write_new(test, filled_in(kTest, name)); !written) return written.error();
    const std::string shown = options.folder.empty() ? name + ".lua" : strategy.string();
    const std::string shown_test = options.folder.empty() ? name + "_test.lua" : test.string();
    fmt::print("wrote {}\nwrote {}\n\nnext:\n", strategy.string(), test.string());
    fmt::print("  engine check {}\n  engine test {}\n", shown, shown_test);
    fmt::print("  engine backtest --script {} --data FOLDER --param symbol=SYMBOL\n", shown);
    return ExitCode::done;
}

}  // namespace tide
