#include "bindings/lua_strategy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <lua.hpp>

#include "bindings/lua_functions.hpp"
#include "bindings/lua_prelude.hpp"
#include "bindings/lua_sandbox.hpp"
#include "bindings/saved_state.hpp"
#include "bindings/script_bundle.hpp"
#include "core/assert.hpp"
#include "core/lines.hpp"

namespace tide {
namespace {

constexpr size_t kKnownPositionsMax = 64;
constexpr size_t kLogBytesMax = 2000;
constexpr size_t kNoteBytesMax = 300;

Error script_error(std::string message) { return make_error(ErrorCode::script, std::move(message)); }

double seconds_of(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e9; }

// The table at `index`, field `name`, as text.
std::string field_text(lua_State* state, int index, const char* name) {
    lua_getfield(state, index, name);
    size_t length = 0;
    const char* text = lua_tolstring(state, -1, &length);
    std::string copy = text != nullptr ? std::string(text, length) : std::string();
    lua_pop(state, 1);
    return copy;
}

double field_number(lua_State* state, int index, const char* name) {
    lua_getfield(state, index, name);
    const double value = lua_tonumber(state, -1);
    lua_pop(state, 1);
    return value;
}

bool field_bool(lua_State* state, int index, const char* name) {
    lua_getfield(state, index, name);
    const bool value = lua_toboolean(state, -1) != 0;
    lua_pop(state, 1);
    return value;
}

// Calls `each` for every element of the array in field `name`, with the element on top of the stack.
template <class Each>
void for_each_in(lua_State* state, int index, const char* name, Each each) {
    lua_getfield(state, index, name);
    for (int i = 1;; ++i) {
        lua_rawgeti(state, -1, i);
        if (lua_isnil(state, -1)) break;
        each();
        lua_pop(state, 1);
    }
    lua_pop(state, 2);
}

}  // namespace

LuaStrategy::LuaStrategy(const ScriptBundle& bundle, StrategyServices& services, const LuaLimits& limits)
    : bundle_(bundle), services_(&services), runtime_(limits, bundle.seed) {
    output_ = &early_output_;
}

Result<std::unique_ptr<LuaStrategy>> LuaStrategy::load(const ScriptBundle& bundle, StrategyServices& services,
                                                       const LuaLimits& limits) {
    std::unique_ptr<LuaStrategy> strategy(new LuaStrategy(bundle, services, limits));
    if (auto ready = strategy->run_preludes(); !ready) return ready.error();
    if (auto ran = strategy->run_script(); !ran) return ran.error();
    return strategy;
}

Result<void> LuaStrategy::run_preludes() {
    lua_State* state = runtime_.state();
    const int base = lua_gettop(state);
    open_mirror();
    if (auto opened = open_sandbox(runtime_); !opened) return opened;
    const int sandbox = lua_gettop(state);
    const int host = sandbox - 1;
    lua_pushvalue(state, host);
    add_api_functions(state, *this);
    add_saved_functions(state, *this);
    host_ref = luaL_ref(state, LUA_REGISTRYINDEX);
    lua_getfield(state, sandbox, "environment");
    environment_ref = luaL_ref(state, LUA_REGISTRYINDEX);
    lua_pushvalue(state, host);
    lua_pushvalue(state, sandbox);
    if (run_trusted_chunk(state, kDeclarationPrelude, 2) != 0)
        return make_error(ErrorCode::internal, fmt::format("declaration prelude: {}", lua_tostring(state, -1)));
    lua_pushvalue(state, host);
    lua_pushvalue(state, sandbox);
    lua_pushvalue(state, sandbox + 1);
    if (run_trusted_chunk(state, kIndicatorPrelude, 3) != 0)
        return make_error(ErrorCode::internal, fmt::format("indicator prelude: {}", lua_tostring(state, -1)));
    lua_pushvalue(state, host);
    lua_pushvalue(state, sandbox);
    lua_pushvalue(state, sandbox + 1);
    lua_pushvalue(state, sandbox + 2);
    if (run_trusted_chunk(state, kCtxPrelude, 4) != 0)
        return make_error(ErrorCode::internal, fmt::format("ctx prelude: {}", lua_tostring(state, -1)));
    forget_libraries(state);
    lua_pushvalue(state, -1);
    lua_replace(state, base + 1);
    lua_settop(state, base + 1);  // the API's functions stay until the script has been read
    lua_gc(state, LUA_GCCOLLECT, 0);
    runtime_.arena().exempt(runtime_.arena().used_bytes());
    return {};
}

void LuaStrategy::open_mirror() {
    lua_State* state = runtime_.state();
    mirror_ = lua_newthread(state);
    luaL_ref(state, LUA_REGISTRYINDEX);
}

bool LuaStrategy::compile_module(const char* name) noexcept {
    const auto module = std::find_if(bundle_.modules.begin(), bundle_.modules.end(),
                                     [&](const ScriptSource& source) { return source.name == name; });
    if (module == bundle_.modules.end()) {
        std::vector<std::string> names;
        for (const ScriptSource& source : bundle_.modules) names.push_back(source.name);
        text = fmt::format("require: there is no module '{}' among this strategy's modules ({})", clean_text(name, 60),
                           names.empty() ? "it has none" : fmt::format("{}", fmt::join(names, ", ")));
        return false;
    }
    if (auto compiled = runtime_.compile(module->name, module->text); !compiled) {
        text = compiled.error().message;
        return false;
    }
    return true;
}

Result<void> LuaStrategy::run_script() {
    lua_State* state = runtime_.state();
    const int api = lua_gettop(state);
    if (auto compiled = runtime_.compile(bundle_.name, bundle_.text); !compiled) return compiled.error();
    lua_rawgeti(state, LUA_REGISTRYINDEX, environment_ref);
    lua_setfenv(state, -2);
    lua_rawgeti(state, LUA_REGISTRYINDEX, host_ref);
    lua_getfield(state, -1, "refill");
    lua_getfield(state, -2, "select");
    lua_remove(state, -3);
    if (auto ran = runtime_.call(2, 1, runtime_.limits().load_units); ran.outcome != LuaOutcome::ok)
        return script_error(with_file(std::move(ran.message)));
    lua_getfield(state, api, "finish");
    lua_insert(state, -2);
    if (auto ran = runtime_.call(1, 2, runtime_.limits().load_units); ran.outcome != LuaOutcome::ok)
        return script_error(with_file(std::move(ran.message)));
    return finish_script();
}

// On the stack: the API's functions, the callbacks, the declaration.
Result<void> LuaStrategy::finish_script() {
    lua_State* state = runtime_.state();
    const int declaration = lua_gettop(state);
    const int api = declaration - 2;
    read_declaration(declaration);
    const auto keep = [&](const char* name) {
        lua_getfield(state, api, name);
        return luaL_ref(state, LUA_REGISTRYINDEX);
    };
    add_position_ref = keep("add_position");
    forget_position_ref = keep("forget_position");
    list_position_ref = keep("list_position");
    lua_getfield(state, api, "make_entries");
    lua_pushvalue(state, declaration - 1);
    if (auto made = runtime_.call(1, 1, runtime_.limits().load_units); made.outcome != LuaOutcome::ok)
        return make_error(ErrorCode::internal, made.message);
    keep_entries(lua_gettop(state));
    lua_gc(state, LUA_GCCOLLECT, 0);
    return {};
}

void LuaStrategy::read_declaration(int table) {
    lua_State* state = runtime_.state();
    declaration_.name = field_text(state, table, "name");
    declaration_.version = field_text(state, table, "version");
    declaration_.sha256 = bundle_sha256(bundle_);
    declaration_.wants_vix = field_bool(state, table, "vix");
    declaration_.wants_ticks = field_bool(state, table, "ticks");
    declaration_.chain_strikes = static_cast<int64_t>(field_number(state, table, "chain"));
    const auto element = [&](int i) {
        lua_rawgeti(state, -1, i);
        const double value = lua_tonumber(state, -1);
        lua_pop(state, 1);
        return value;
    };
    for_each_in(state, table, "symbols", [&] { declaration_.symbols.emplace_back(lua_tostring(state, -1)); });
    for_each_in(state, table, "timeframes", [&] {
        declaration_.timeframes.push_back(static_cast<Timeframe>(field_number(state, lua_gettop(state), "index")));
        declaration_.timeframe_names.push_back(field_text(state, lua_gettop(state), "name"));
    });
    for_each_in(state, table, "history", [&] {
        declaration_.history_bars[static_cast<Timeframe>(element(1))] = static_cast<int64_t>(element(2));
    });
    for_each_in(state, table, "parameters", [&] {
        const auto part = [&](int i) {
            lua_rawgeti(state, -1, i);
            std::string copy = lua_tostring(state, -1);
            lua_pop(state, 1);
            return copy;
        };
        declaration_.parameters.emplace_back(part(1), part(2));
        const std::string choices = part(6);
        const auto lines = lines_of(choices);
        declaration_.parameter_definitions.push_back(
            {part(3), element(4), element(5), {lines.begin(), lines.end()}, part(7)});
    });
    bar_columns_.resize(declaration_.symbols.size() * kTimeframeCount);
}

// The entry functions stay at the bottom of the stack, where a callback finds them without a look-up.
void LuaStrategy::keep_entries(int table) {
    lua_State* state = runtime_.state();
    declaration_.callbacks = 0;
    for (size_t i = 0; i < kScriptCallbackCount; ++i) {
        lua_getfield(state, table, kScriptCallbackNames[i]);
        if (lua_isfunction(state, -1)) declaration_.define(static_cast<ScriptCallback>(i));
    }
    for (int i = kFirstCallbackSlot; i <= table; ++i) lua_remove(state, kFirstCallbackSlot);
}

// ---- the mirror

LuaStrategy::Columns& LuaStrategy::bar_columns(size_t symbol_index, Timeframe timeframe) {
    const size_t i = symbol_index * kTimeframeCount + static_cast<size_t>(timeframe);
    TIDE_ASSERT(i < bar_columns_.size());
    return bar_columns_[i];
}

LuaStrategy::Columns& LuaStrategy::indicator_columns(int32_t handle) {
    TIDE_ASSERT(handle >= 0 && handle < 1'000'000);
    const auto i = static_cast<size_t>(handle);
    if (i >= indicator_columns_.size()) indicator_columns_.resize(i + 1);
    return indicator_columns_[i];
}

// Numbers into existing array slots: nothing is allocated, nothing can be raised.
void LuaStrategy::write(Columns& columns, const double* values) {
    lua_State* const mirror = mirror_;
    const int first = columns.first;
    const int count = columns.count;
    const int at = static_cast<int>(columns.written & (columns.capacity - 1)) + 1;
    for (int i = 0; i < count; ++i) {
        lua_pushnumber(mirror, values[i]);
        lua_rawseti(mirror, first + i, at);
    }
    lua_pushnumber(mirror, static_cast<double>(++columns.written));
    lua_rawseti(mirror, first, 0);
}

void LuaStrategy::push_bar(const BarMessage& bar) {
    if (quarantined_) return;
    Columns& columns = bar_columns(static_cast<size_t>(bar.symbol_index), bar.timeframe);
    if (!columns.active()) return;  // filled from the Session's own series when the script first asks
    write_bar(columns, bar);
}

void LuaStrategy::write_bar(Columns& columns, const BarMessage& bar) {
    const double values[kBarColumns] = {bar.open,
                                        bar.high,
                                        bar.low,
                                        bar.close,
                                        bar.volume,
                                        bar.oi,
                                        static_cast<double>(bar.start_s),
                                        static_cast<double>(bar.flags)};
    write(columns, values);
}

void LuaStrategy::push_indicator(const IndicatorMessage& message) {
    if (quarantined_) return;
    const auto i = static_cast<size_t>(message.handle);
    if (i >= indicator_columns_.size() || !indicator_columns_[i].active()) return;
    TIDE_ASSERT(message.values.size() == static_cast<size_t>(indicator_columns_[i].count));
    write(indicator_columns_[i], message.values.data());
}

void LuaStrategy::fill_bars(Columns& columns, size_t symbol_index, Timeframe timeframe) noexcept {
    const auto index = static_cast<int32_t>(symbol_index);
    const size_t count = std::min(services_->bar_count(id(), index, timeframe), static_cast<size_t>(columns.capacity));
    for (size_t back = count; back-- > 0;) {
        write_bar(columns, services_->bar(id(), index, timeframe, back));
    }
}

void LuaStrategy::fill_indicator(Columns& columns) noexcept {
    double values[16];
    TIDE_ASSERT(columns.count <= static_cast<int>(std::size(values)));
    const size_t count = std::min(indicator_info->history, static_cast<size_t>(columns.capacity));
    for (size_t back = count; back-- > 0;) {
        for (int i = 0; i < columns.count; ++i)
            values[i] = services_->indicator_history(indicator_info->handle, static_cast<size_t>(i), back);
        write(columns, values);
    }
}

bool LuaStrategy::know_position(uint64_t id, uint64_t& forgotten) noexcept {
    forgotten = 0;
    if (std::find(known_positions_.begin(), known_positions_.end(), id) != known_positions_.end()) return true;
    if (known_positions_.size() == kKnownPositionsMax) {
        forgotten = known_positions_.front();
        known_positions_.erase(known_positions_.begin());
    }
    known_positions_.push_back(id);
    return false;
}

// An error raised where no frame of the script is left (after a tail call) has no position: at least the file is named.
std::string LuaStrategy::with_file(std::string message) const {
    const size_t colon = message.find(':');
    if (colon != std::string::npos && std::string_view(message).substr(0, colon).ends_with(".lua")) return message;
    return fmt::format("{}.lua: {}", bundle_.name, message);
}

// ---- what the script says

bool LuaStrategy::log(const char* level, std::string_view message) noexcept {
    if (output_->logs.size() >= runtime_.limits().logs_per_callback) {
        runtime_.stop(LuaStop::output);
        return false;
    }
    output_->logs.push_back({level, clean_text(message, kLogBytesMax)});
    return true;
}

bool LuaStrategy::skip(std::string_view symbol, std::string_view why) noexcept {
    if (output_->skips.size() >= runtime_.limits().notes_per_callback) {
        runtime_.stop(LuaStop::output);
        return false;
    }
    output_->skips.push_back({clean_text(symbol, kNoteBytesMax), clean_text(why, kNoteBytesMax)});
    return true;
}

bool LuaStrategy::state(std::string_view symbol, std::string_view name, std::string_view value,
                        std::string_view values) noexcept {
    if (output_->states.size() >= runtime_.limits().notes_per_callback) {
        runtime_.stop(LuaStop::output);
        return false;
    }
    output_->states.push_back({clean_text(symbol, kNoteBytesMax), clean_text(name, kNoteBytesMax),
                               clean_text(value, kNoteBytesMax), clean_text(values, kNoteBytesMax)});
    return true;
}

bool LuaStrategy::plot(std::string_view symbol, std::string_view name, double value, bool mark) noexcept {
    if (output_->plots.size() >= runtime_.limits().notes_per_callback) {
        runtime_.stop(LuaStop::output);
        return false;
    }
    output_->plots.push_back({clean_text(symbol, kNoteBytesMax), clean_text(name, kNoteBytesMax), value, mark});
    return true;
}

bool LuaStrategy::timer(double delay_s, std::string_view name) noexcept {
    if (output_->timers.size() >= runtime_.limits().notes_per_callback) {
        runtime_.stop(LuaStop::output);
        return false;
    }
    output_->timers.push_back({delay_s, std::string(name)});
    return true;
}

bool LuaStrategy::propose(const char* who, const char* position, IntentOrText proposed) noexcept {
    answer_ = {};
    if (!proposed) {
        answer_ = {0, "bad_argument", proposed.error(), std::nullopt};
        return log("warning", fmt::format("{}{}: {}", position, who, answer_.text));
    }
    if (output_->intents.size() >= runtime_.limits().intents_per_callback) {
        runtime_.stop(LuaStop::output);
        return false;
    }
    Intent& intent = *proposed;
    intent.strategy = id();
    intent.decided = ReceiveTime(Duration(services_->now_ns()));
    intent.decision_bar = decision_bar_;
    if (intent.position.valid() && !is_own_position(intent.position)) {
        answer_ = {0, "unknown_position", fmt::format("this strategy has no position {}", intent.position.value()),
                   std::nullopt};
    } else if (auto refusal = services_->precheck(intent)) {
        answer_ = {0, std::move(refusal->code), std::move(refusal->text), refusal->max_lots};
    } else {
        intent.id = services_->reserve_intent_id();
        if (!intent.id.valid()) intent.id = IntentId(++own_intent_ids_);
        answer_.id = intent.id.value();
        output_->intents.push_back(std::move(intent));
        return true;
    }
    // Exit checks run on every tick: the same refusal again is not worth another line.
    std::string line = fmt::format("{}{} refused ({}): {}", position, who, answer_.code, answer_.text);
    if (line == last_refusal_) return true;
    last_refusal_ = std::move(line);
    return log("info", last_refusal_);
}

// One that the script has seen, or one that a version before it left: its id may come from the saved state.
bool LuaStrategy::is_own_position(PositionId id) const {
    if (std::find(known_positions_.begin(), known_positions_.end(), id.value()) != known_positions_.end()) return true;
    const auto open = services_->positions(this->id());
    return std::any_of(open.begin(), open.end(), [id](const auto& position) { return position.id == id.value(); });
}

bool LuaStrategy::keep_saved(int index) noexcept {
    std::string bytes;
    text.clear();
    if (!write_saved(runtime_.state(), index, runtime_, bytes, text)) return false;
    output_->saved = std::move(bytes);
    return true;
}

// ---- callbacks

CallbackResult LuaStrategy::call(const CallMessage& message, CallbackOutput& output) {
    const ScriptCallback callback = callback_of(message);
    if (callback == ScriptCallback::start) {
        std::move(early_output_.logs.begin(), early_output_.logs.end(), std::back_inserter(output.logs));
        early_output_.logs.clear();
    }
    if (quarantined_) return {CallbackStatus::quarantined, quarantine_reason_};
    if (!declaration_.defines(callback)) return {CallbackStatus::not_defined, {}};
    if (const auto* load = std::get_if<LoadMessage>(&message)) {
        if (auto sound = check_saved(load->saved); !sound) return {CallbackStatus::error, sound.error().message};
        saved_ = load->saved;
    }
    output_ = &output;
    const auto* bar = std::get_if<BarMessage>(&message);
    decision_bar_ = bar != nullptr ? ExchangeTime(seconds(bar->start_s)) : ExchangeTime{};
    lua_State* state = runtime_.state();
    lua_pushvalue(state, kFirstCallbackSlot + static_cast<int>(callback));
    lua_pushnumber(state, seconds_of(services_->now_ns()));
    const int arguments = std::visit([this](const auto& given) { return push(given); }, message);
    LuaCallResult called = runtime_.call(arguments + 1, 0, units_of(callback));
    if (__builtin_expect(called.outcome == LuaOutcome::ok, 1)) {
        output_ = &early_output_;
        if (callback != ScriptCallback::save) failures_ = 0;
        return {};
    }
    return settle(callback, std::move(called));
}

// What happens once may take longer than what happens with each event.
int64_t LuaStrategy::units_of(ScriptCallback callback) const {
    switch (callback) {
        case ScriptCallback::start:
        case ScriptCallback::stop:
        case ScriptCallback::save:
        case ScriptCallback::load:
            return runtime_.limits().load_units;
        default:
            return runtime_.limits().callback_units;
    }
}

// After a failure only the log lines made before it stay.
CallbackResult LuaStrategy::settle(ScriptCallback callback, LuaCallResult called) {
    called.message = with_file(std::move(called.message));
    output_->intents.clear();
    output_->skips.clear();
    output_->states.clear();
    output_->plots.clear();
    output_->timers.clear();
    output_ = &early_output_;
    // Being asked for its state is no event of the market: it does not count, for or against the script.
    if (callback != ScriptCallback::save) ++failures_;
    if (called.outcome == LuaOutcome::abandoned) {
        quarantined_ = true;
        quarantine_reason_ = fmt::format("{} (quarantined)", called.message);
    } else if (failures_ >= runtime_.limits().failures_to_quarantine) {
        quarantined_ = true;
        quarantine_reason_ =
            fmt::format("{} (quarantined after {} failed callbacks in a row)", called.message, failures_);
    }
    if (quarantined_) return {CallbackStatus::quarantined, quarantine_reason_};
    return {called.outcome == LuaOutcome::limit ? CallbackStatus::budget : CallbackStatus::error,
            std::move(called.message)};
}

// ---- what a callback is given

int LuaStrategy::push_text(std::string_view value) {
    lua_pushlstring(runtime_.state(), value.data(), value.size());
    return 1;
}

int LuaStrategy::push(const BarMessage& bar) {
    lua_State* state = runtime_.state();
    lua_pushnumber(state, bar.symbol_index);
    lua_pushnumber(state, static_cast<double>(bar.timeframe));
    lua_pushnumber(state, static_cast<double>(bar.start_s));
    lua_pushnumber(state, bar.open);
    lua_pushnumber(state, bar.high);
    lua_pushnumber(state, bar.low);
    lua_pushnumber(state, bar.close);
    lua_pushnumber(state, bar.volume);
    lua_pushnumber(state, bar.oi);
    lua_pushnumber(state, bar.flags);
    return 10;
}

int LuaStrategy::push(const TickMessage& tick) {
    lua_State* state = runtime_.state();
    for (const double value : {static_cast<double>(tick.symbol_index), seconds_of(tick.time_ns), tick.last, tick.bid,
                               tick.ask, tick.volume, tick.oi})
        lua_pushnumber(state, value);
    return 7;
}

// The numbers of a position, whose table the script has from now on.
int LuaStrategy::push(const PositionMessage& position) {
    lua_State* state = runtime_.state();
    uint64_t forgotten = 0;
    if (!know_position(position.id, forgotten)) {
        if (forgotten != 0) {
            lua_rawgeti(state, LUA_REGISTRYINDEX, forget_position_ref);
            lua_pushnumber(state, static_cast<double>(forgotten));
            lua_call(state, 1, 0);
        }
        introduce_position(state, *this, position);
    }
    return push_position_numbers(state, position);
}

int LuaStrategy::push(const ExitCheckMessage& check) {
    lua_State* state = runtime_.state();
    const QuoteMessage& quote = check.quote;
    for (const double value : {quote.last, quote.bid, quote.ask, quote.underlying, quote.age_s})
        lua_pushnumber(state, value);
    lua_pushboolean(state, quote.model);
    return 6 + push(check.position);
}

int LuaStrategy::push(const PositionChangeMessage& position) {
    push_text(position.change);
    return 1 + push(position.position);
}

int LuaStrategy::push(const OrderMessage& order) {
    lua_State* state = runtime_.state();
    lua_pushnumber(state, static_cast<double>(order.id));
    lua_pushnumber(state, static_cast<double>(order.intent));
    lua_pushnumber(state, order.parent == 0 ? kMissing : static_cast<double>(order.parent));
    for (const std::string_view value : {order.symbol, order.side, order.state, order.code, order.text, order.tag})
        push_text(value);
    for (const double value : {order.quantity, order.filled, order.limit, order.average}) lua_pushnumber(state, value);
    lua_pushnumber(state, static_cast<double>(order.group));
    return 14;
}

int LuaStrategy::push(const FillMessage& fill) {
    lua_State* state = runtime_.state();
    lua_pushnumber(state, static_cast<double>(fill.order));
    lua_pushnumber(state, static_cast<double>(fill.position));
    push_text(fill.symbol);
    push_text(fill.side);
    for (const double value : {fill.quantity, fill.price, fill.charges}) lua_pushnumber(state, value);
    return 7;
}

int LuaStrategy::push(const RiskMessage& risk) {
    for (const std::string_view value : {risk.kind, risk.symbol, risk.from, risk.to, risk.values, risk.text})
        push_text(value);
    lua_pushboolean(runtime_.state(), risk.active);
    return 7;
}

int LuaStrategy::push(const ChainMessage& given) {
    lua_pushnumber(runtime_.state(), given.symbol_index);
    return 1;
}

int LuaStrategy::push(const LinkMessage& link) {
    for (const std::string_view value : {link.kind, link.what, link.state, link.symbol, link.values, link.text})
        push_text(value);
    return 6;
}

}  // namespace tide
