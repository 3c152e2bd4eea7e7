#include "ops/why_not.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "trading/record_text.hpp"

namespace tide {
namespace {

// Reads a session's records of some kinds, oldest first, and keeps what matters around one moment.
class ReasonFinder {
  public:
    ReasonFinder(const LedgerReader& ledger, const StoreViewContext& context, const std::string& symbol,
                 ReceiveTime moment)
        : ledger_(ledger),
          context_(context),
          symbol_(symbol),
          from_(moment - kWhyNotWindow),
          to_(moment + kWhyNotWindow) {}

    Result<std::vector<WhyNotReason>> find() {
        using Step = Result<void> (ReasonFinder::*)();
        for (const Step step : {&ReasonFinder::scripts, &ReasonFinder::phase, &ReasonFinder::halts,
                                &ReasonFinder::quality, &ReasonFinder::refusals, &ReasonFinder::skips}) {
            if (auto done = (this->*step)(); !done) return done.error();
        }
        std::stable_sort(reasons_.begin(), reasons_.end(), [](auto& a, auto& b) { return a.time < b.time; });
        return std::move(reasons_);
    }

  private:
    // Each record of the kind up to the window's end (skips: recorded from its beginning on) with its fields.
    template <class Take>
    Result<void> each(const char* kind, const Take& take) {
        AuditFilter filter;
        filter.session = context_.session_id;
        filter.kind = kind;
        const bool is_skip = filter.kind == "skip";
        if (is_skip) filter.from = from_;
        if (!is_skip) filter.to = to_ + Duration(1);
        size_t rows = 0;
        return ledger_.each_audit_row(filter, [&](const AuditRow& row) {
            if (const auto record = parse_record_text(row.text)) take(row.time, Fields{*record});
            return !is_skip || ++rows < kSkipRowsMax;
        });
    }
    struct Fields {
        const RecordText& record;
        std::string operator[](std::string_view key) const {
            const std::string* found = record.find(key);
            return found == nullptr ? "" : *found;
        }
        ReceiveTime time(std::string_view key) const { return ReceiveTime(Duration(record.whole(key).value_or(0))); }
    };
    void add(ReceiveTime time, std::string what, std::string who, std::string code, std::string text) {
        if (reasons_.size() < kStoreViewRowsMax)
            reasons_.push_back({time, std::move(what), std::move(who), std::move(code), std::move(text)});
    }
    static std::string joined(const std::string& text, const std::string& values) {
        return values.empty() ? text : text.empty() ? values : fmt::format("{} ({})", text, values);
    }
    // Begins and ends as they come; what held at any time of the window is added at the end.
    struct Spell {
        std::string what, who, code, text;
        ReceiveTime since;
    };
    void note(const std::string& key, bool holds, ReceiveTime time, Spell spell) {
        const auto before = spells_.find(key);
        if (holds && before == spells_.end()) {
            spell.since = time;
            spells_.emplace(key, std::move(spell));
        } else if (!holds && before != spells_.end()) {
            if (time > from_) add_spell(before->second);  // it ended inside the window
            spells_.erase(before);
        }
    }
    void add_spell(Spell& s) {
        add(s.since, std::move(s.what), std::move(s.who), std::move(s.code), std::move(s.text));
    }
    void add_spells() {
        for (auto& [key, spell] : spells_) add_spell(spell);
        spells_.clear();
    }

    Result<void> scripts() {
        auto done = each("script", [&](ReceiveTime time, const Fields& f) {
            const std::string status = f["status"];
            names_[f["strategy"]] = f["name"];
            const std::string detail = f["detail"].substr(0, f["detail"].find('\n'));
            if (status == "error" || status == "budget") {
                if (time >= from_) add(time, "script", f["name"], status, detail);
                return;
            }
            note(f["name"], status != "loaded", time, {"script", f["name"], status, detail, {}});
        });
        add_spells();
        const auto& followed = context_.followed;
        if (done && std::find(followed.begin(), followed.end(), symbol_) == followed.end()) {
            add(from_, "script", "", "not_followed",
                fmt::format("no active script of the session declares {} in needs.symbols", symbol_));
        }
        return done;
    }
    Result<void> phase() {
        auto done = each("day", [&](ReceiveTime time, const Fields& f) {
            const bool open = f["phase"] == "open";
            note("phase", false, time, {});
            note("phase", !open, time,
                 {"phase", "", f["phase"], "entries are taken between open and entry_cutoff only", {}});
        });
        add_spells();
        return done;
    }
    Result<void> halts() {
        auto done = each("halt", [&](ReceiveTime time, const Fields& f) {
            note(f["halt"], f["active"] == "1", time, {"halt", "", f["halt"], joined(f["text"], f["values"]), {}});
        });
        add_spells();
        return done;
    }
    Result<void> quality() {
        auto done = each("quality", [&](ReceiveTime time, const Fields& f) {
            const std::string of = f["of"];
            if (of != "feed" && !is_of_symbol(of)) return;
            note(of + "\n" + f["what"], f["bad"] == "1", time,
                 {"quality", of, f["what"], joined(f["text"], f["values"]), {}});
        });
        add_spells();
        return done;
    }
    Result<void> refusals() {
        return each("risk", [&](ReceiveTime time, const Fields& f) {
            if (time < from_ || f["passed"] != "0" || !is_of_symbol(f["instrument"])) return;
            add(time, "refusal", f["instrument"], f["code"], joined(f["text"], f["values"]));
        });
    }
    Result<void> skips() {
        for (const RunningSkip& run : context_.running_skips) add_skip(run);
        return each("skip", [&](ReceiveTime, const Fields& f) {
            const auto name = names_.find(f["strategy"]);
            add_skip({name == names_.end() ? f["strategy"] : name->second, f["symbol"], f["why"], f.time("first_ns"),
                      f.time("last_ns"), f.record.whole("count").value_or(0)});
        });
    }
    void add_skip(const RunningSkip& run) {
        if (run.symbol != symbol_ || run.first > to_ || run.last < from_) return;
        const std::string times = run.count == 1 ? ""
                                                 : fmt::format(" ({} times until {})", run.count,
                                                               format_time_of_day(ist_since_midnight(run.last)));
        add(run.first, "skip", run.strategy, "", run.why + times);
    }
    bool is_of_symbol(const std::string& instrument) const {
        return instrument == symbol_ || instrument.starts_with(symbol_ + " ");
    }

    static constexpr size_t kSkipRowsMax = 100'000;
    const LedgerReader& ledger_;
    const StoreViewContext& context_;
    const std::string& symbol_;
    ReceiveTime from_, to_;
    std::map<std::string, Spell> spells_;
    std::map<std::string, std::string> names_;  // of scripts, by strategy number
    std::vector<WhyNotReason> reasons_;
};

}  // namespace

Result<std::vector<WhyNotReason>> why_not(const LedgerReader& ledger, const StoreViewContext& context,
                                          const std::string& symbol, ReceiveTime moment) {
    return ReasonFinder(ledger, context, symbol, moment).find();
}

}  // namespace tide
