#include "session/script_runner.hpp"

#include <algorithm>

#include "core/lines.hpp"

namespace tide {

void ScriptRunner::declare(StrategyDeclaration declaration, const InstrumentBook& book) {
    declaration_ = std::move(declaration);
    symbols_.clear();
    index_of_.clear();
    followed_.clear();
    follows_.fill(false);
    for (const Timeframe timeframe : declaration_.timeframes) follows_[static_cast<size_t>(timeframe)] = true;
    for (const auto& symbol : declaration_.symbols) {
        const Instrument* instrument = book.find(canonical_symbol(symbol));
        const InstrumentId id = instrument == nullptr ? InstrumentId() : instrument->id;
        if (id.value() >= index_of_.size()) index_of_.resize(id.value() + 1, -1);
        if (id.valid()) index_of_[id.value()] = static_cast<int32_t>(symbols_.size());
        symbols_.push_back(id);
    }
}

void ScriptRunner::become(ScriptRunner&& next) {
    next.skips_ = std::move(skips_);
    next.recent = std::move(recent);
    next.saved_ = std::move(saved_);
    next.save_planned = save_planned;
    next.stops = stops;
    *this = std::move(next);
}

void ScriptRunner::set_saved(std::string bytes, std::string version, ReceiveTime at) {
    saved_ = {std::move(bytes), std::move(version), at, saved_.revision + 1};
}

void ScriptRunner::set_parameter(size_t i, std::string value) {
    const std::string& name = declaration_.parameters[i].first;
    std::string lines;
    for (const std::string_view line : lines_of(bundle_.parameters)) {
        if (line.substr(0, line.find('=')) != name) lines.append(line).append("\n");
    }
    bundle_.parameters = lines + name + "=" + value + "\n";
    declaration_.parameters[i].second = std::move(value);
}

std::string ScriptRunner::version_text() const {
    return declaration_.name + " " + declaration_.version + " " + declaration_.sha256.substr(0, 12);
}

void ScriptRunner::follow_indicator(InstrumentId instrument, Timeframe timeframe, int32_t handle) {
    if (instrument.value() >= followed_.size()) followed_.resize(instrument.value() + 1);
    auto& handles = followed_[instrument.value()][static_cast<size_t>(timeframe)];
    if (std::find(handles.begin(), handles.end(), handle) == handles.end()) handles.push_back(handle);
}

std::optional<SkipRecord> ScriptRunner::add_skip(const SkipNote& skip, ReceiveTime now) {
    SkipRecord& run = skips_[skip.symbol];
    std::optional<SkipRecord> finished;
    if (run.count > 0 && run.why != skip.why) {
        finished = run;
        run.count = 0;
    }
    if (run.count == 0) {
        run.strategy = id_;
        run.symbol = skip.symbol;
        run.why = skip.why;
        run.first = now;
    }
    run.last = now;
    ++run.count;
    return finished;
}

std::vector<SkipRecord> ScriptRunner::end_skips() {
    std::vector<SkipRecord> finished;
    for (auto& [symbol, run] : skips_) {
        if (run.count > 0) finished.push_back(run);
    }
    skips_.clear();
    return finished;
}

}  // namespace tide
