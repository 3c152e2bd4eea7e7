---@meta tide
-- The strategy API for editors that read LuaCATS. Made by `engine api --annotations`; a test keeps it current.

---@alias tide.phase "pre_open"|"open"|"entry_cutoff"|"square_off"|"closed"

---a parameter's definition
---@class tide.parameter

---the table of strategy { … }
---@class tide.strategy_spec
---@field name string letters, digits and underscores; in every record
---@field version string such as "1.0.0"; in every record
---@field api integer the version of this API it is written for: 1
---@field params? table parameters by name, each made by param.…
---@field needs tide.needs|function what it wants to see; or a function of the parameters that gives it

---what a strategy wants to see
---@class tide.needs
---@field symbols string[] in the order in which bars are delivered
---@field bars? string[] timeframes: 1s 1m 3m 5m 15m 30m 1h 1d 1w, or bars of activity: 500t 10000v 20r
---@field history? table bars wanted before the first callback, by timeframe [bars]
---@field vix? boolean true to have the VIX
---@field chain? tide.chain_need an option chain of each symbol
---@field ticks? boolean true for on_tick

---the option chain it wants
---@class tide.chain_need
---@field strikes integer strikes each side of the money, 1 to 100

---definitions of parameters
---@class tide.param
param = {}

---a number from min to max
---@param default number
---@param min number
---@param max number
---@param options? tide.parameter_options
---@return tide.parameter
function param.number(default, min, max, options) end

---a whole number from min to max
---@param default integer
---@param min number
---@param max number
---@param options? tide.parameter_options
---@return tide.parameter
function param.integer(default, min, max, options) end

---per cent: 1.0 means 1 %
---@param default number
---@param min number
---@param max number
---@param options? tide.parameter_options
---@return tide.parameter
function param.percent(default, min, max, options) end

---one of some texts
---@param default string
---@param choices string[]
---@param options? tide.parameter_options
---@return tide.parameter
function param.choice(default, choices, options) end

---true or false
---@param default boolean
---@param options? tide.parameter_options
---@return tide.parameter
function param.bool(default, options) end

---a time of day such as "10:00", in India
---@param default string
---@param options? tide.parameter_options
---@return tide.parameter
function param.time(default, options) end

---any text
---@param default string
---@param options? tide.parameter_options
---@return tide.parameter
function param.text(default, options) end

---several tables of parameters as one; a name may come only once
---@param ... table
---@return table
function param.merge(...) end

---the last argument of param.…
---@class tide.parameter_options
---@field help? string what the parameter does, for people

---the table of indicator { … }
---@class tide.indicator_spec
---@field name string letters, digits and underscores
---@field params? table a list of { name, default, min, max }; at most 8
---@field outputs? string[] names of what update gives; at most 8
---@field init? function init(self), once for each series
---@field update function update(self, bar), once a bar: a number an output, or nil where it is missing

---what indicator { … } gives
---@class tide.indicator_definition
---@field name string its name

---the strategy's view of the engine; the same table in every callback, own fields may be kept in it
---@class tide.ctx
---@field now number time of the event being handled [seconds since 1970]
---@field time string the same in India: "11:05"
---@field date string the same in India: "2024-01-08"
---@field params table parameters in force, by name; a wrong name is an error
---@field [string] any
local ctx = {}

---closed bars of a declared symbol and timeframe
---@param symbol string
---@param tf string
---@return tide.bars
function ctx:bars(symbol, tf) end

---an indicator of the engine by name (indicators.md), or one of the script's own
---@param symbol string
---@param tf string
---@param name string|tide.indicator_definition
---@param ... number
---@return tide.indicator
function ctx:indicator(symbol, tf, name, ...) end

---the option chain now, or nil and why not; needs.chain
---@param symbol string
---@param options? tide.chain_options
---@return tide.chain?
---@return string?
function ctx:chain(symbol, options) end

---level, source (tick 1m daily realised chain none), change in 10 minutes
---@return number?
---@return string
---@return number?
function ctx:vix() end

---the VIX, its class and its changes
---@return tide.volatility
function ctx:volatility() end

---trending ranging volatile quiet gap; nil: not known
---@param symbol string
---@return string?
function ctx:regime(symbol) end

---what the data is worth; nil: nothing came yet
---@param symbol string
---@return tide.quality?
function ctx:quality(symbol) end

---today's opening against the previous close in per cent; is gap mode on?
---@param symbol string
---@return number?
---@return boolean
function ctx:gap(symbol) end

---money, open positions, and whether entries are allowed
---@return tide.account
function ctx:account() end

---this strategy's open positions
---@return tide.position[]
function ctx:positions() end

---last price, or nil
---@param symbol string|tide.leg|tide.position
---@return number?
function ctx:price(symbol) end

---of the session
---@return tide.phase
function ctx:phase() end

---is there data of this symbol?
---@param symbol string
---@return boolean
function ctx:has(symbol) end

---asks for an entry: the intent's id; or nil, code, text and, where size is the reason, how many lots would pass. Rounding: limit to the nearest 1/10000 rupee and must be on the tick; stop and target as ctx:set_stop
---@param order tide.enter
---@return integer?
---@return string?
---@return string?
---@return integer?
function ctx:enter(order) end

---asks to close a position or a part
---@param position tide.position|integer
---@param options? tide.exit
---@return integer?
---@return string?
---@return string?
---@return integer?
function ctx:exit(position, options) end

---asks for legs that are entered and left as one: the group's id; or nil, code and text. Bought legs leave first. Rounding: limits to the nearest 1/10000 rupee and must be on the tick
---@param group tide.enter_group
---@return integer?
---@return string?
---@return string?
---@return integer?
function ctx:enter_group(group) end

---asks to close a group: what was sold is bought back first
---@param group integer
---@param options? tide.exit_group
---@return integer?
---@return string?
---@return string?
---@return integer?
function ctx:exit_group(group, options) end

---moves the stop, on the underlying's price; never against the position. Rounding: nearest 1/10000 rupee, then to the underlying's tick away from the market, so that it never acts earlier than asked
---@param position tide.position|integer
---@param price number
---@param options? tide.level
---@return integer?
---@return string?
---@return string?
---@return integer?
function ctx:set_stop(position, price, options) end

---moves the target, on the underlying's price. Rounding: nearest 1/10000 rupee, then to the underlying's tick away from the market, so that it never acts earlier than asked
---@param position tide.position|integer
---@param price number
---@param options? tide.level
---@return integer?
---@return string?
---@return string?
---@return integer?
function ctx:set_target(position, price, options) end

---the stop follows the underlying's best price, this many percent behind; never against the position
---@param position tide.position|integer
---@param trail number
---@param options? tide.level
---@return integer?
---@return string?
---@return string?
---@return integer?
function ctx:trail_stop(position, trail, options) end

---asks to cancel an order; a held entry by its table from on_order
---@param order tide.order|integer
---@return integer?
---@return string?
---@return string?
---@return integer?
function ctx:cancel(order) end

---ends an entry that the engine holds, and what it has let go
---@param entry integer
---@return integer?
---@return string?
---@return string?
---@return integer?
function ctx:cancel_entry(entry) end

---why there was no trade; kept, counted and queryable. Use few and constant texts
---@param why string
---@param symbol? string
function ctx:skip(why, symbol) end

---to the log
---@param ... any
function ctx:log(...) end

---to the operator
---@param text string
function ctx:notify(text) end

---records that a named state of the strategy changed
---@param symbol string
---@param name string
---@param value any
---@param values? any
function ctx:state(symbol, name, value, values) end

---keeps a value of a curve of the strategy's own; nil leaves a hole
---@param name string
---@param value? number
---@param symbol? string
function ctx:plot(name, value, symbol) end

---keeps a mark at a price, now
---@param name string
---@param price number
---@param symbol? string
function ctx:mark(name, price, symbol) end

---calls on_timer(ctx, name) later
---@param seconds number
---@param name string
function ctx:after(seconds, name) end

---a bar that has closed
---@class tide.bar
---@field symbol string of the bar
---@field tf string its timeframe: "5m"
---@field time number its start [seconds since 1970]
---@field open number price [rupees]
---@field high number price [rupees]
---@field low number price [rupees]
---@field close number price [rupees]
---@field volume? number traded in the bar [units]
---@field oi? number open interest, the last told in the bar [units]
---@field volume_source? string "own", "future" (of an index), nil without volume
---@field filled boolean made, or holds minutes made, over a gap under 5 minutes
---@field gap boolean 5 to 10 minutes are missing inside it
---@field partial boolean the session or the feed ended inside it
---@field model boolean an option priced by model

---the bars of a symbol and timeframe, counted back from the one that just closed
---@class tide.bars
---@field symbol string of these bars
---@field tf string their timeframe
local bars = {}

---of the bar `back` bars ago: 0 just closed; nil out of range or missing
---@param back? integer
---@return number?
function bars:open(back) end

---of the bar `back` bars ago: 0 just closed; nil out of range or missing
---@param back? integer
---@return number?
function bars:high(back) end

---of the bar `back` bars ago: 0 just closed; nil out of range or missing
---@param back? integer
---@return number?
function bars:low(back) end

---of the bar `back` bars ago: 0 just closed; nil out of range or missing
---@param back? integer
---@return number?
function bars:close(back) end

---of the bar `back` bars ago: 0 just closed; nil out of range or missing
---@param back? integer
---@return number?
function bars:volume(back) end

---of the bar `back` bars ago: 0 just closed; nil out of range or missing
---@param back? integer
---@return number?
function bars:oi(back) end

---start of the bar, seconds since 1970
---@param back? integer
---@return number?
function bars:time(back) end

---was it made over a short gap?
---@param back? integer
---@return boolean?
function bars:filled(back) end

---are minutes missing inside it?
---@param back? integer
---@return boolean?
function bars:gap(back) end

---did the session or the feed end inside it?
---@param back? integer
---@return boolean?
function bars:partial(back) end

---is it an option priced by model?
---@param back? integer
---@return boolean?
function bars:model(back) end

---"own", "future", nil without volume
---@param back? integer
---@return string?
function bars:volume_source(back) end

---how many bars there are
---@return integer
function bars:count() end

---highest high of `length` bars
---@param length integer
---@param back? integer
---@return number?
function bars:highest(length, back) end

---lowest low of `length` bars
---@param length integer
---@param back? integer
---@return number?
function bars:lowest(length, back) end

---mean volume of `length` bars
---@param length integer
---@param back? integer
---@return number?
function bars:mean_volume(length, back) end

---an indicator; each output is also a field with its value now (nil until ready)
---@class tide.indicator
---@field [string] any
local indicator = {}

---of its first output
---@param back? integer
---@return number?
function indicator:value(back) end

---of an output by name
---@param output string
---@param back? integer
---@return number?
function indicator:get(output, back) end

---are all outputs there now?
---@return boolean
function indicator:ready() end

---a price
---@class tide.tick
---@field symbol string of the tick
---@field time number when it came [seconds since 1970]
---@field last number last price [rupees]
---@field bid? number best [rupees]
---@field ask? number best [rupees]
---@field volume? number of the day so far [units]
---@field oi? number open interest [units]

---an option chain as it was when asked for
---@class tide.chain
---@field underlying string symbol
---@field expiry string date YYYY-MM-DD
---@field days_to_expiry? integer calendar days left [days]
---@field spot? number price of the underlying [rupees]
---@field atm_strike? number listed strike nearest to the spot, of two the lower [rupees]
---@field strike_step? number between strikes near the money [rupees]
---@field rows tide.leg[] legs by strike, calls before puts
---@field forward? number forward price [rupees]
---@field forward_source string "parity", "future", "spot" or "none"
---@field atm_iv? number implied volatility at the forward; 0.14 is 14 % [a year]
---@field expected_move? number one standard deviation to expiry [points]
---@field skew? number volatility of the 25-delta put less that of the call [a year]
---@field risk_reversal? number skew the other way round [a year]
---@field pcr? number puts over calls, by open interest
---@field pcr_volume? number puts over calls, by volume
---@field max_pain? number strike at which holders get least [rupees]
---@field iv_rank? number of the VIX in 252 days: between lowest and highest [%]
---@field iv_percentile? number of the VIX in 252 days: share of days below [%]
local chain = {}

---the leg at the money
---@param side "CE"|"PE"
---@return tide.leg?
function chain:atm(side) end

---the leg of a strike
---@param strike number
---@param side "CE"|"PE"
---@return tide.leg?
function chain:strike(strike, side) end

---the leg n strikes out of the money
---@param side "CE"|"PE"
---@param n integer
---@return tide.leg?
function chain:otm(side, n) end

---the leg n strikes in the money
---@param side "CE"|"PE"
---@param n integer
---@return tide.leg?
function chain:itm(side, n) end

---a row of a chain
---@class tide.leg
---@field symbol string name of the contract
---@field strike number strike [rupees]
---@field right "CE"|"PE" call or put
---@field expiry string date YYYY-MM-DD
---@field days_to_expiry? integer calendar days left [days]
---@field last? number premium [rupees]
---@field bid? number premium [rupees]
---@field ask? number premium [rupees]
---@field mid? number premium [rupees]
---@field oi? number open interest [units]
---@field volume? number of the day [units]
---@field age? number of the quote [seconds]
---@field lot integer units in a lot [units]
---@field model boolean the price is a model's
---@field liquid? boolean spread, volume and open interest are enough; nil: not known
---@field iv? number implied volatility; 0.14 is 14 % [a year]
---@field delta? number for a point of the underlying
---@field gamma? number change of delta for a point of the underlying
---@field theta? number for a calendar day [rupees]
---@field vega? number for one volatility point [rupees]
---@field oi_change? number since the day's first value [units]
---@field build_up? string long_build_up short_build_up long_unwinding short_covering
---@field crossed boolean bid above ask
---@field stale boolean the quote is old
---@field no_quote boolean no quote yet
---@field iv_of_pair boolean iv is that of the other side of the strike

---options of ctx:chain
---@class tide.chain_options
---@field expiry? string "weekly" (the nearest of any kind), "next", "monthly" or a date YYYY-MM-DD
---@field min_days? integer at least this many days left [days]

---an open position; the same table for as long as it is open
---@class tide.position
---@field id integer of the position
---@field symbol string of the leg
---@field underlying string its underlying's symbol
---@field right string "CE", "PE" or ""
---@field strike? number of an option [rupees]
---@field days_to_expiry? integer calendar days left [days]
---@field direction integer 1 gains when the underlying rises, -1 when it falls
---@field lots integer open now [lots]
---@field quantity number open now [units]
---@field entry_price number mean price of the entry [rupees]
---@field last_price number of the leg [rupees]
---@field underlying_entry number the underlying at the entry [rupees]
---@field underlying_last number the underlying now [rupees]
---@field underlying_best number the underlying at its best since [rupees]
---@field stop? number on the underlying [rupees]
---@field target? number on the underlying [rupees]
---@field unrealised number gain before charges [rupees]
---@field net number gain after charges [rupees]
---@field opened number when [seconds since 1970]
---@field minutes_held number since then [minutes]
---@field half_taken boolean a part was closed already
---@field tag string of the entry
---@field group? integer id of the group that it is a leg of

---prices at an exit check
---@class tide.quote
---@field last? number of the leg [rupees]
---@field bid? number of the leg [rupees]
---@field ask? number of the leg [rupees]
---@field underlying? number price of the underlying [rupees]
---@field age? number of the quote [seconds]
---@field model boolean the price is a model's

---an order whose state changed
---@class tide.order
---@field id integer of the order; 0 when refused, and of a held entry
---@field intent integer what ctx:enter gave
---@field parent? integer the held entry it belongs to, as ctx:enter gave it
---@field symbol string traded
---@field side "buy"|"sell" side
---@field state string created in_review submitted open partially_filled pending_cancel pending_replace unknown filled cancelled rejected expired refused; of a held entry: waiting working done cancelled expired refused
---@field code string why it was refused
---@field text string for people
---@field tag string of the entry
---@field quantity number asked for [units]
---@field filled number so far [units]
---@field limit number limit price [rupees]
---@field group? integer id of the group that it is a leg of
---@field average? number mean price of the fills [rupees]

---a fill
---@class tide.fill
---@field order integer id of the order
---@field position integer id of the position
---@field symbol string traded
---@field side "buy"|"sell" side
---@field quantity number of this fill [units]
---@field price number of this fill [rupees]
---@field charges number brokerage, taxes and fees of this fill [rupees]

---the account
---@class tide.account
---@field equity number money and positions together [rupees]
---@field cash number money [rupees]
---@field day_net number today's gain after charges [rupees]
---@field open_positions integer of all strategies
---@field max_positions integer allowed now
---@field size_factor number below 1 in limited mode
---@field entries_allowed boolean may entries be made now?
---@field reason string why not; "" when they may

---the VIX
---@class tide.volatility
---@field level? number the VIX [points]
---@field class? string low normal elevated high extreme
---@field change_5m? number change of the VIX in that time [points]
---@field change_10m? number change of the VIX in that time [points]
---@field change_30m? number change of the VIX in that time [points]
---@field change_today? number against the day before [points]

---what the data of a symbol is worth
---@class tide.quality
---@field ok boolean nothing is wrong
---@field bad string names of what is wrong, with commas; "" when nothing is
---@field stale? boolean silent for too long
---@field frozen? boolean ticks come, but their stamp or the whole tick stands
---@field skewed? boolean the feed's stamps are far from their receipt
---@field missing? boolean too many expected ticks did not come
---@field gaps? boolean silent too often
---@field suspect? boolean the last price is out of its band and not confirmed
---@field age? number of the last price [seconds]
---@field cadence? number usual time between prices [seconds]
---@field missing_pct? number of the expected ticks [%]
---@field skew? number the feed's stamps behind receipt [seconds]

---an event of on_risk
---@class tide.risk_event
---@field kind string a halt's name such as vix_spike; vix_class; regime
---@field symbol? string nil for halts
---@field from? string class or regime before
---@field to? string class or regime now
---@field values string key=value text
---@field text string for people
---@field active boolean a halt began; else it ended

---an event of on_link
---@class tide.link_event
---@field kind string "feed", "quality" or "gap"
---@field what string the feed's name; stale frozen …; gap_mode
---@field state string up degraded down; bad good
---@field symbol? string nil: the whole feed
---@field values string key=value text
---@field text string for people

---the table of ctx:enter { … }
---@class tide.enter
---@field leg? tide.leg what to trade: a leg of ctx:chain; or give symbol
---@field symbol? string what to trade, by name
---@field lots integer 1 to 1000000 [lots]
---@field side? "buy"|"sell" "buy" without it
---@field limit? number limit price; without it at the touch, in a band [rupees]
---@field stop? number stop on the underlying's price [rupees]
---@field stop_pct? number stop as a distance of the underlying; 0.01 to 100 [%]
---@field target? number target on the underlying's price [rupees]
---@field target_pct? number target as a distance of the underlying; 0.01 to 100 [%]
---@field premium_stop? number stop on the contract's own price, besides [rupees]
---@field premium_stop_pct? number the same below the first fill; 0.01 to 100 [%]
---@field premium_target? number target on the contract's own price [rupees]
---@field premium_target_pct? number the same above the first fill; 0.01 to 1000 [%]
---@field trail_stop_pct? number the stop follows the underlying's best price, this far behind; 0.01 to 100 [%]
---@field cover? boolean refuse the entry unless it has a stop
---@field trigger? number stop order: held until the price passes this level; with limit a stop-limit order [rupees]
---@field trail? number the trigger follows the best price, this far behind [rupees]
---@field trail_pct? number the same in percent of the best price; 0.01 to 100 [%]
---@field trigger_on? "instrument"|"underlying" "instrument" without it
---@field good_till? string "day", a time "14:15" or a date "2026-11-24"; until then it may rest
---@field after_market? boolean may be given at any time: waits for the entry window
---@field display_lots? integer iceberg: show at most so many at once [lots]
---@field algo? "twap"|"vwap" in slices over time, with over_min and slices
---@field over_min? number how long the slices take; 0.1 to 400 [minutes]
---@field slices? integer how many; 2 to 400, at most the lots
---@field oco? string entries with this name: the first fill cancels the others
---@field tag? string short name of the kind of entry, up to 64 bytes
---@field why? string reason, for the records

---options of ctx:exit
---@class tide.exit
---@field fraction? number part to close, above 0 and at most 1; all without it
---@field rule? string short name of the rule, up to 64 bytes
---@field reason? string reason, for the records
---@field why? string the same as reason
---@field priority? integer 2 to 5; 1 is the engine's own
---@field values? table|string what the rule looked at, for the records

---the table of ctx:enter_group { … }
---@class tide.enter_group
---@field legs tide.group_leg[] 2 to 8, each its own instrument, all on one underlying
---@field timeout_s? number to be whole by then, 1 to 3600; without it orders.group_timeout_s [seconds]
---@field max_loss? number the engine closes it at this loss; without it at half of what it can lose [rupees]
---@field tag? string short name of the kind of entry, up to 64 bytes
---@field why? string reason, for the records

---a leg of ctx:enter_group
---@class tide.group_leg
---@field leg? tide.leg what to trade: a leg of ctx:chain; or give symbol
---@field symbol? string what to trade, by name
---@field side "buy"|"sell" side
---@field lots integer 1 to 1000000 [lots]
---@field limit? number limit price; without it at the touch, in a band [rupees]

---options of ctx:exit_group
---@class tide.exit_group
---@field rule? string short name of the rule, up to 64 bytes
---@field reason? string reason, for the records
---@field why? string the same as reason
---@field priority? integer 2 to 5; 1 is the engine's own
---@field values? table|string what the rule looked at, for the records

---options of ctx:set_stop, ctx:set_target and ctx:trail_stop
---@class tide.level
---@field rule? string short name of the rule
---@field why? string reason, for the records
---@field reason? string the same as why
---@field values? table|string what the rule looked at, for the records

---what on_exit_check returns
---@class tide.decision
---@field exit? number part to close, above 0 and at most 1
---@field stop? number new stop, on the underlying's price [rupees]
---@field rule? string short name of the rule
---@field stop_rule? string rule of the stop, where it differs
---@field why? string reason, for the records
---@field priority? integer 2 to 5
---@field values? table|string what the rule looked at

---what strategy { … } gives: its callbacks
---@class tide.strategy_table
---@field on_start? fun(ctx: tide.ctx) the session starts, or this version is swapped in
---@field on_stop? fun(ctx: tide.ctx, reason: string) the session stops, or this version goes
---@field on_bar? fun(ctx: tide.ctx, bar: tide.bar) a bar closed: by timeframe 1m, 5m, 15m, 1h, 1d, then by declared symbol
---@field on_tick? fun(ctx: tide.ctx, tick: tide.tick) a price came; needs.ticks must be true
---@field on_chain? fun(ctx: tide.ctx, chain: tide.chain) the chain of a symbol has new prices, at most once a chain_refresh_s; needs.chain
---@field on_exit_check? fun(ctx: tide.ctx, position: tide.position, quote: tide.quote): tide.decision? each tick of the leg or its underlying while a position is open; looks and decides
---@field on_order? fun(ctx: tide.ctx, order: tide.order) an order of this strategy changed its state
---@field on_fill? fun(ctx: tide.ctx, fill: tide.fill) a part of an order was filled
---@field on_position? fun(ctx: tide.ctx, position: tide.position, change: position_change) a position opened, changed its size or a level, or closed (lots is 0 then)
---@field on_timer? fun(ctx: tide.ctx, name: string) a time asked for with ctx:after has come
---@field on_session? fun(ctx: tide.ctx, phase: tide.phase) the session's phase changed
---@field on_risk? fun(ctx: tide.ctx, event: tide.risk_event) a breaker or limit acted or ended; the VIX changed its class, a symbol its regime
---@field on_link? fun(ctx: tide.ctx, event: tide.link_event) a feed came, degraded or went; data became doubtful or good again
---@field on_params? fun(ctx: tide.ctx, old: table) an operator changed a parameter; ctx.params has the new values, old all that were before
---@field on_save? fun(ctx: tide.ctx): table? what to keep across a reload or restart: plain data
---@field on_load? fun(ctx: tide.ctx, saved: table, from_version: string) gets what on_save of the version before gave

---declares the strategy; the file ends with 'return' of what it gives
---@param spec tide.strategy_spec
---@return tide.strategy_table
function strategy(spec) end

---defines an indicator of the script's own, while the file is loaded
---@param spec tide.indicator_spec
---@return tide.indicator_definition
function indicator(spec) end
