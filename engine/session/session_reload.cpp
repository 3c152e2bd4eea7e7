#include <fmt/format.h>

#include <algorithm>

#include "core/lines.hpp"
#include "session/line_changes.hpp"
#include "session/session.hpp"

// A new version of a running script, and the state that scripts keep (docs/decisions/hot-reload.md). Every step can
// fail, and leaves the old version as it was.
namespace tide {
namespace {

std::string short_digest(const std::string& sha256) { return sha256.substr(0, 12); }

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

bool failed(const CallbackResult& result) {
    return result.status != CallbackStatus::ok && result.status != CallbackStatus::not_defined;
}

Error script_error(std::string message) { return make_error(ErrorCode::script, std::move(message)); }

}  // namespace

// ---- state that scripts keep

Result<std::string> Session::ask_for_state(ScriptRunner& owner) {
    if (!owner.active() || !owner.declaration().defines(ScriptCallback::save)) return std::string();
    const uint64_t intents_before = next_intent_;
    output_.clear();
    running_ = {ScriptCallback::save, {}, nullptr, 0};
    const CallbackResult result = run(owner.slot(), SaveMessage{}, output_);
    // It was asked for its state and for nothing else.
    next_intent_ = intents_before;
    prechecked_.clear();
    if (result.status == CallbackStatus::quarantined || without_process(result.status)) {
        take_output(owner, result, output_, {});
        return script_error(result.message);
    }
    for (auto& log : output_.logs) record(NoteRecord{log.level, owner.name(), std::move(log.text)});
    if (failed(result)) return script_error(result.message);
    return output_.saved.value_or("");
}

// A failure costs the script nothing but the state of this moment.
void Session::save_state(ScriptRunner& owner) {
    auto state = ask_for_state(owner);
    if (!state) {
        record(NoteRecord{"warning", owner.name(),
                          fmt::format("on_save failed, the state of {} is kept: {}",
                                      owner.saved().revision > 0 ? format_iso(owner.saved().at) : "before",
                                      first_line(state.error().message))});
    } else if (!state->empty() && *state != owner.saved().bytes) {
        owner.set_saved(std::move(*state), owner.declaration().version, now_);
    }
}

void Session::plan_save(ScriptRunner& owner) {
    owner.save_planned = false;
    if (!owner.active() || !owner.declaration().defines(ScriptCallback::save)) return;
    if (config_.scripts.save_interval_s <= 0) return;
    const auto wait = Duration(static_cast<int64_t>(config_.scripts.save_interval_s * 1e9));
    owner.save_planned = timers_.add(now_ + std::max(Duration(1), wait), TimerKind::save, owner.id(), "");
}

// ---- a candidate: a version that is loaded beside the one that runs

ScriptRunner* Session::served(StrategyId id) {
    return candidate_ != nullptr && candidate_->id() == id ? candidate_.get() : runner(id);
}
const ScriptRunner* Session::served(StrategyId id) const {
    return candidate_ != nullptr && candidate_->id() == id ? candidate_.get() : runner(id);
}

// Values that an operator gave count on where the new version still takes them; `dropped` has the others.
Result<StrategyDeclaration> Session::load_with_parameters(ScriptSlot slot, ScriptBundle& bundle,
                                                          std::vector<std::string>& dropped) {
    auto loaded = host_.load(slot, bundle, *this);
    const bool hung = !loaded && loaded.error().code == ErrorCode::stopped;
    if (loaded || hung || bundle.parameters.empty()) return loaded;
    ScriptBundle one = bundle;
    one.parameters.clear();
    if (!host_.load(slot, one, *this)) return loaded;
    std::string kept;
    for (const std::string_view line : lines_of(bundle.parameters)) {
        if (line.empty()) continue;
        one.parameters = std::string(line) + "\n";
        if (auto taken = host_.load(slot, one, *this)) {
            kept += one.parameters;
        } else {
            dropped.emplace_back(line);
        }
    }
    bundle.parameters = kept;
    return host_.load(slot, bundle, *this);
}

Result<void> Session::load_candidate(const ScriptRunner& owner, ScriptBundle& bundle,
                                     std::vector<std::string>& dropped) {
    candidate_ = std::make_unique<ScriptRunner>(owner.id(), owner.name());
    candidate_->set_slot(free_slot());
    frame_refused_ = false;
    auto declared = load_with_parameters(candidate_->slot(), bundle, dropped);
    if (!declared) {
        drop_candidate();
        const char* more = frame_refused_ ? " (tick, volume and range bars can only be declared before a session)" : "";
        return script_error(declared.error().message + more);
    }
    candidate_->declare(std::move(*declared), book());
    candidate_->set_bundle(bundle);
    return {};
}

void Session::drop_candidate() {
    host_.unload(candidate_->slot());
    candidate_.reset();
}

// What the candidate needs and the session does not have, in words; empty: nothing.
std::string Session::unmet_needs(const ScriptRunner& owner) const {
    const StrategyDeclaration& before = owner.declaration();
    const StrategyDeclaration& after = candidate_->declaration();
    if (after.name != before.name)
        return fmt::format("it calls itself {}, the running strategy is {}", after.name, before.name);
    std::string missing;
    for (size_t i = 0; i < after.symbols.size(); ++i) {
        const std::string& symbol = after.symbols[i];
        const bool known = std::find(before.symbols.begin(), before.symbols.end(), symbol) != before.symbols.end();
        const InstrumentId id = candidate_->symbol(static_cast<int32_t>(i));
        if (!id.valid() && !known) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", symbol);
        if (!id.valid()) continue;
        for (const auto& [timeframe, bars] : after.history_bars) {
            const auto old = before.history_bars.find(timeframe);
            if (known && old != before.history_bars.end() && bars <= old->second) continue;
            const size_t there = market_.series().count(id, timeframe);
            if (there >= static_cast<size_t>(bars)) continue;
            missing += fmt::format("{}{} {} bars of {} (it has {})", missing.empty() ? "" : ", ", bars,
                                   name_of(timeframe), symbol, there);
        }
    }
    if (!missing.empty()) return "the session has no " + missing;
    for (const Position& position : portfolio_.open()) {
        if (position.strategy != owner.id()) continue;
        if (before.defines(ScriptCallback::exit_check) && !after.defines(ScriptCallback::exit_check))
            return fmt::format("position {} is open and the new version has no on_exit_check", position.id.value());
        if (owner.symbol_index(position.underlying) >= 0 && candidate_->symbol_index(position.underlying) < 0)
            return fmt::format("position {} in {} is open and the new version does not declare {}", position.id.value(),
                               symbol_of(position.instrument), symbol_of(position.underlying));
    }
    return {};
}

// on_load, where there is something to load, and on_start of the candidate; what both say is in `said`.
Result<void> Session::wake_candidate(const std::string& state, std::string_view from_version, CallbackOutput& said) {
    std::vector<LogNote> logs;
    if (!state.empty() && candidate_->declaration().defines(ScriptCallback::load)) {
        const CallbackResult loaded = run(candidate_->slot(), LoadMessage{state, from_version}, said);
        if (failed(loaded)) return script_error("on_load: " + loaded.message);
        logs = std::move(said.logs);
        said.clear();
    }
    const CallbackResult started = run(candidate_->slot(), StartMessage{}, said);
    if (failed(started)) return script_error("on_start: " + started.message);
    said.logs.insert(said.logs.begin(), std::make_move_iterator(logs.begin()), std::make_move_iterator(logs.end()));
    return {};
}

// ---- the trial

// A message of the old version's as the candidate would get it; none where it would not.
std::optional<CallMessage> Session::for_candidate(const CallMessage& message, const ScriptRunner& owner) const {
    CallMessage given = message;
    const auto translate = [&](int32_t& index) {
        index = candidate_->symbol_index(owner.symbol(index));
        return index >= 0;
    };
    bool meant = candidate_->declaration().defines(callback_of(message));
    if (auto* bar = std::get_if<BarMessage>(&given))
        meant = meant && candidate_->follows(bar->timeframe) && translate(bar->symbol_index);
    if (auto* tick = std::get_if<TickMessage>(&given)) meant = meant && translate(tick->symbol_index);
    if (auto* chain = std::get_if<ChainMessage>(&given)) meant = meant && translate(chain->symbol_index);
    return meant ? std::optional(std::move(given)) : std::nullopt;
}

// The last messages again, and an exit check of each open position; orders are counted and not sent.
Result<void> Session::try_on_recent(const ScriptRunner& owner, Trial& trial) {
    CallbackOutput output;
    const auto attempt = [&](const CallMessage& message) -> Result<void> {
        output.clear();
        const CallbackResult result = run(candidate_->slot(), message, output);
        if (failed(result))
            return script_error(fmt::format("tried on a recent {}: {}", name_of(callback_of(message)), result.message));
        ++trial.calls;
        trial.intents += output.intents.size();
        return {};
    };
    for (size_t i = 0; i < owner.recent.size(); ++i) {
        const auto message = for_candidate(owner.recent.at(i), owner);
        if (!message) continue;
        if (auto done = attempt(*message); !done) return done;
    }
    if (!candidate_->declaration().defines(ScriptCallback::exit_check)) return {};
    for (const Position& position : portfolio_.open()) {
        if (position.strategy != owner.id()) continue;
        if (auto done = attempt(ExitCheckMessage{message_of(position), quote_message(position)}); !done) return done;
    }
    return {};
}

Result<Session::Trial> Session::try_version(ScriptRunner& owner, ScriptBundle& next, bool cold) {
    Trial trial;
    if (auto loaded = load_candidate(owner, next, trial.dropped); !loaded) return loaded.error();
    trial.version = candidate_->declaration().version;
    trial.sha256 = candidate_->declaration().sha256;
    if (const std::string missing = unmet_needs(owner); !missing.empty()) {
        drop_candidate();
        return script_error(missing);
    }
    auto waiting = std::move(candidate_);  // the old version is asked as itself
    auto state = cold ? Result<std::string>(std::string()) : ask_for_state(owner);
    candidate_ = std::move(waiting);
    const bool from_before = !owner.active() && !cold;  // it cannot say any more; what it said last counts
    if (state) trial.state = from_before ? owner.saved().bytes : std::move(*state);
    trial.from_version = from_before ? owner.saved().version : owner.declaration().version;
    const uint64_t intents_before = next_intent_;
    CallbackOutput said;
    Result<void> done;
    if (!state) done = script_error("on_save of the version that runs: " + state.error().message);
    if (done) done = wake_candidate(trial.state, trial.from_version, said);
    trial.intents = said.intents.size();
    if (done) done = try_on_recent(owner, trial);
    next_intent_ = intents_before;
    prechecked_.clear();
    drop_candidate();
    if (!done) return done.error();
    return trial;
}

// ---- the swap

// What a version that runs from now on makes the session do.
void Session::follow_needs_of(ScriptRunner& owner) {
    const auto& declared = owner.declaration();
    if (std::any_of(declared.timeframes.begin(), declared.timeframes.end(), is_activity)) {
        for (size_t i = 0; i < declared.symbols.size(); ++i) {
            if (const InstrumentId id = owner.symbol(static_cast<int32_t>(i)); id.valid()) market_.follow_activity(id);
        }
    }
    open_windows(declared);
    const auto any = [this](auto wants) {
        return std::any_of(runners_.begin(), runners_.end(),
                           [&wants](const auto& each) { return each->active() && wants(each->declaration()); });
    };
    wants_ticks_ = any([](const StrategyDeclaration& each) { return each.wants_ticks; });
    wants_chain_ = any([](const StrategyDeclaration& each) { return each.defines(ScriptCallback::chain); });
    if (!owner.save_planned) plan_save(owner);
}

// A version that wants more strikes than the one before it: its windows are made anew.
void Session::widen_windows(const ScriptRunner& owner) {
    for (size_t i = 0; i < owner.declaration().symbols.size(); ++i) {
        const InstrumentId id = owner.symbol(static_cast<int32_t>(i));
        if (!id.valid()) continue;
        int64_t widest = 0;
        for (const auto& each : runners_) {
            if (each->symbol_index(id) >= 0) widest = std::max(widest, each->declaration().chain_strikes);
        }
        windows_.erase(id);
        windows_.try_emplace(id, config_.chain, widest);
    }
}

// The candidate takes the place of what ran. Timers that run go on under their names.
void Session::swap_in(ScriptRunner& owner, CallbackOutput said) {
    const bool same = same_sources(owner.bundle(), candidate_->bundle());
    auto previous = same ? std::move(owner.previous) : std::optional(owner.bundle());
    const bool wider = candidate_->declaration().chain_strikes > owner.declaration().chain_strikes;
    host_.unload(owner.slot());
    owner.become(std::move(*candidate_));
    owner.previous = std::move(previous);
    candidate_.reset();
    owner.activate();
    if (!owner.declaration().defines(ScriptCallback::timer)) timers_.drop(owner.id());
    std::erase_if(said.timers, [&](const TimerRequest& timer) { return timers_.waits(owner.id(), timer.name); });
    if (wider) widen_windows(owner);
    follow_needs_of(owner);
    running_ = {ScriptCallback::start, {}, nullptr, 0};
    take_output(owner, {}, said, {});
}

// Its last word; the new version is ready by then. What goes wrong in it is told and changes nothing.
void Session::stop_version(ScriptRunner& owner, std::string_view reason) {
    if (!owner.active() || !owner.declaration().defines(ScriptCallback::stop)) return;
    auto waiting = std::move(candidate_);
    CallbackOutput said;
    running_ = {ScriptCallback::stop, reason, nullptr, 0};
    const CallbackResult result = run(owner.slot(), StopMessage{reason}, said);
    candidate_ = std::move(waiting);
    said.intents.clear();
    said.timers.clear();
    if (failed(result)) {
        record(NoteRecord{"warning", owner.name(), fmt::format("on_stop: {}", first_line(result.message))});
    } else {
        take_output(owner, result, said, {});
    }
}

Result<void> Session::take_over(ScriptRunner& owner, ScriptBundle next, const Trial& trial) {
    const uint64_t intents_before = next_intent_;
    std::vector<std::string> ignored;
    CallbackOutput said;
    auto done = load_candidate(owner, next, ignored);
    if (!done) return done;
    done = wake_candidate(trial.state, trial.from_version, said);
    if (!done) {
        next_intent_ = intents_before;
        prechecked_.clear();
        drop_candidate();
        return done;
    }
    auto refusals = std::exchange(prechecked_, {});
    stop_version(owner, "reload");
    prechecked_ = std::move(refusals);
    if (!trial.state.empty()) owner.set_saved(trial.state, trial.from_version, now_);
    swap_in(owner, std::move(said));
    return {};
}

Result<void> Session::restart(ScriptRunner& owner) {
    std::vector<std::string> ignored;
    ScriptBundle same = owner.bundle();
    CallbackOutput said;
    auto done = load_candidate(owner, same, ignored);
    if (!done) return done;
    done = wake_candidate(owner.saved().bytes, owner.saved().version, said);
    if (!done) {
        drop_candidate();
        return done;
    }
    swap_in(owner, std::move(said));
    const auto& declared = owner.declaration();
    record(ScriptRecord{owner.id(), declared.name, declared.version, declared.sha256, "restarted",
                        owner.saved().bytes.empty()
                            ? "without a saved state"
                            : fmt::format("with its state of {}", format_iso(owner.saved().at))});
    return {};
}

// ---- staging

// The market is open, or something is at stake.
bool Session::in_market() const { return (phase_ != "pre_open" && phase_ != "closed") || !flat(); }

// No bar and no word of the broker is on its way to a script.
bool Session::quiet() const { return !hold_bars_ && market_.closed().empty() && pending_.empty() && actions_.empty(); }

std::string Session::describe(const ScriptRunner& before, const ScriptBundle& next, const Trial& trial) const {
    const auto& old = before.declaration();
    std::string text = fmt::format("{} {} -> {} {}; {}", old.version, short_digest(old.sha256), trial.version,
                                   short_digest(trial.sha256), describe_changes(before.bundle(), next));
    text += fmt::format("; tried on {} recent calls, {} intents not sent", trial.calls, trial.intents);
    text += trial.state.empty() ? "; no saved state" : fmt::format("; {} bytes of saved state", trial.state.size());
    for (const std::string& line : trial.dropped) text += fmt::format("; {} is no longer valid: its default", line);
    return text;
}

Session::CommandOutcome Session::refuse_reload(const ScriptRunner& owner, const std::string& sha256,
                                               const std::string& why) {
    const auto& declared = owner.declaration();
    const std::string runs_on = owner.active()
                                    ? fmt::format("{} {} runs on", declared.version, short_digest(declared.sha256))
                                    : "it stays out of service";
    record(ScriptRecord{owner.id(), declared.name, declared.version, sha256, "reload_refused",
                        fmt::format("{}\n{}", why, runs_on)});
    return {"script", fmt::format("{}: not reloaded: {}; {}", owner.name(), first_line(why), runs_on)};
}

// The whole protocol for one script, now or, with `stage`, up to the swap.
Session::CommandOutcome Session::change_version(ScriptRunner& owner, StagedVersion next, bool stage) {
    owner.staged.reset();
    next.bundle.parameters = owner.bundle().parameters;  // as the operator left them
    auto trial = try_version(owner, next.bundle, next.cold);
    const std::string digest = trial ? trial->sha256 : to_hex(sha256(next.bundle.text));
    if (!trial) return refuse_reload(owner, digest, trial.error().message);
    const std::string text = describe(owner, next.bundle, *trial);
    const std::string& name = owner.declaration().name;
    if (stage) {
        record(ScriptRecord{owner.id(), name, trial->version, digest, "staged", text});
        owner.staged = std::move(next);
        return {"ok", fmt::format("{}: staged for the market's close: {}; at once: engine reload {} --now --confirm",
                                  owner.name(), text, owner.name())};
    }
    if (auto done = take_over(owner, std::move(next.bundle), *trial); !done)
        return refuse_reload(owner, digest, done.error().message);
    record(ScriptRecord{owner.id(), name, trial->version, digest, "reloaded", text});
    return {"ok", fmt::format("{}: reloaded: {}", owner.name(), text)};
}

void Session::take_up_staged() {
    for (const auto& owner : runners_) {
        if (!owner->staged || !quiet() || (in_market() && !owner->staged->now)) continue;
        change_version(*owner, std::move(*owner->staged), false);
    }
    staged_ =
        std::any_of(runners_.begin(), runners_.end(), [](const auto& owner) { return owner->staged.has_value(); });
}

// ---- the operator's word

Session::CommandOutcome Session::reload(const CommandEvent& command) {
    const auto argument = OperatorArgument::parse(command.argument);
    if (!argument) return {"usage", argument.error().message};
    const auto unknown = argument->unknown_key({"script", "now", "confirm", "rollback", "cold", "refused"});
    if (!unknown.empty()) return {"usage", fmt::format("reload knows no '{}'", unknown)};
    const auto said = [&argument](std::string_view key) { return argument->find(key) == "yes"; };
    if (said("now") && !argument->confirmed() && in_market()) return {"usage", "in market hours --now needs --confirm"};
    // What has happened up to now is the old version's.
    settle();
    const auto name = argument->find("script");
    CommandOutcome outcome{"ok", ""};
    std::string names;
    for (const auto& owner : runners_) {
        names += fmt::format("{}{}", names.empty() ? "" : ", ", owner->name());
        if (name && *name != owner->name() && *name != owner->declaration().name) continue;
        const CommandOutcome one = said("refused") ? refuse_reload(*owner, "", std::string(command.reason))
                                                   : reload_one(*owner, said("now"), said("rollback"), said("cold"));
        if (one.code != "ok") outcome.code = one.code;
        outcome.text += fmt::format("{}{}", outcome.text.empty() ? "" : "\n", one.text);
    }
    if (outcome.text.empty())
        return {"not_found", fmt::format("no script '{}' runs here; there are: {}", name.value_or(""), names)};
    return outcome;
}

Session::CommandOutcome Session::reload_one(ScriptRunner& owner, bool now, bool rollback, bool cold) {
    auto offered = std::exchange(owner.offered, std::nullopt);
    if (rollback && !owner.previous)
        return {"not_found", fmt::format("{}: no earlier version in this session", owner.name())};
    if (rollback) offered = owner.previous;
    if (offered && owner.active() && !cold && same_sources(*offered, owner.bundle())) {
        const bool was_staged = std::exchange(owner.staged, std::nullopt).has_value();
        return {"ok", fmt::format("{}: unchanged{}", owner.name(), was_staged ? "; nothing is staged any more" : "")};
    }
    const bool again = offered && owner.staged && same_sources(*offered, owner.staged->bundle);
    if ((!offered || again) && owner.staged) offered = owner.staged->bundle;
    // A script that is out of service comes back by the operator's word alone.
    if (!offered && (!owner.active() || cold)) offered = owner.bundle();
    if (!offered) return {"ok", fmt::format("{}: unchanged", owner.name())};
    const bool at_once = now || config_.scripts.reload_in_market;
    if (in_market() && !at_once) {
        if (again) return {"ok", fmt::format("{}: staged already", owner.name())};
        staged_ = true;
        return change_version(owner, {std::move(*offered), false, cold}, true);
    }
    if (quiet()) return change_version(owner, {std::move(*offered), now, cold}, false);
    staged_ = true;
    owner.staged = StagedVersion{std::move(*offered), true, cold};
    return {"ok", fmt::format("{}: taken up once the bars of this moment are delivered", owner.name())};
}

}  // namespace tide
