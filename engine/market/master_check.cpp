#include "market/master_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace tide {
namespace {

constexpr size_t kNearExpiries = 7;  // four weeklies and three monthlies

// What the master says of the contracts of one expiry; more than one value is itself a difference.
struct ExpiryTerms {
    std::set<int64_t> lots, freezes;
    std::set<Price> ticks;
    int64_t suspended = 0;
};

std::string text_of(const std::set<int64_t>& values) { return fmt::format("{}", fmt::join(values, " and ")); }
std::string text_of(const std::set<Price>& values) {
    std::string text;
    for (const Price value : values) text += (text.empty() ? "" : " and ") + to_string(value);
    return text;
}

class MasterComparison {
  public:
    MasterComparison(const ContractMaster& master, const ContractRules& rules, const TradingCalendar& calendar, Date on)
        : master_(master), rules_(rules), calendar_(calendar), on_(on) {}

    Result<std::vector<MasterDifference>> run() {
        for (const std::string& underlying : master_.underlyings()) {
            if (!rules_.knows(underlying)) continue;
            for (const InstrumentKind kind : {InstrumentKind::future, InstrumentKind::option}) {
                if (auto done = compare(underlying, kind); !done) return done.error();
            }
        }
        return std::move(found_);
    }

  private:
    Result<void> compare(const std::string& underlying, InstrumentKind kind) {
        const std::map<Date, ExpiryTerms> listed = terms_of(underlying, kind);
        if (listed.empty()) return {};
        auto expected = expected_expiries(underlying, kind);
        if (!expected) return expected.error();
        for (const Expiry& expiry : *expected) {
            if (!listed.contains(expiry.date))
                add(underlying, kind, expiry.date, "expiry", "", expiry.monthly ? "monthly" : "weekly");
        }
        for (const auto& [date, terms] : listed) {
            const bool known = std::any_of(expected->begin(), expected->end(),
                                           [date = date](const Expiry& expiry) { return expiry.date == date; });
            if (!known && !expected->empty() && date < expected->back().date)
                add(underlying, kind, date, "expiry", "listed", "");
            compare_terms(underlying, kind, date, terms);
        }
        return {};
    }

    std::map<Date, ExpiryTerms> terms_of(const std::string& underlying, InstrumentKind kind) const {
        std::map<Date, ExpiryTerms> by_expiry;
        for (const ListedContract& row : master_.rows()) {
            if (row.key.kind != kind || row.key.underlying != underlying || *row.key.expiry < on_ || !row.holds(on_))
                continue;
            ExpiryTerms& terms = by_expiry[*row.key.expiry];
            if (row.lot.units() > 0) terms.lots.insert(row.lot.units());
            if (row.freeze.units() > 0) terms.freezes.insert(row.freeze.units());
            if (row.tick.positive()) terms.ticks.insert(row.tick);
            if (row.status == ContractStatus::suspended) ++terms.suspended;
        }
        return by_expiry;
    }

    // Fewer near the end of the calendar's last year.
    Result<std::vector<Expiry>> expected_expiries(const std::string& underlying, InstrumentKind kind) const {
        Result<std::vector<Expiry>> expiries;
        for (size_t count = kNearExpiries; count > 0; --count) {
            expiries = kind == InstrumentKind::future ? rules_.future_expiries(underlying, on_, count, calendar_)
                                                      : rules_.expiries(underlying, on_, count, calendar_);
            if (expiries) break;
        }
        return expiries;
    }

    void compare_terms(const std::string& underlying, InstrumentKind kind, Date expiry, const ExpiryTerms& terms) {
        const auto lot = rules_.lot(underlying, expiry, on_);
        if (!terms.lots.empty() && (!lot || terms.lots != std::set{lot->units()}))
            add(underlying, kind, expiry, "lot", text_of(terms.lots), lot ? std::to_string(lot->units()) : "");
        const auto tick =
            kind == InstrumentKind::future ? rules_.future_tick(underlying, on_) : rules_.tick(underlying, on_);
        if (!terms.ticks.empty() && (!tick || terms.ticks != std::set{*tick}))
            add(underlying, kind, expiry, "tick", text_of(terms.ticks), tick ? to_string(*tick) : "");
        const auto freeze = rules_.freeze(underlying, on_);
        if (!terms.freezes.empty() && (!freeze || terms.freezes != std::set{freeze->units()}))
            add(underlying, kind, expiry, "freeze", text_of(terms.freezes),
                freeze ? std::to_string(freeze->units()) : "");
        if (terms.suspended > 0)
            add(underlying, kind, expiry, "status", fmt::format("{} suspended", terms.suspended), "");
    }

    void add(const std::string& underlying, InstrumentKind kind, Date expiry, std::string what, std::string in_master,
             std::string in_rules) {
        found_.push_back({underlying, kind, expiry, std::move(what), std::move(in_master), std::move(in_rules)});
    }

    const ContractMaster& master_;
    const ContractRules& rules_;
    const TradingCalendar& calendar_;
    Date on_;
    std::vector<MasterDifference> found_;
};

}  // namespace

Result<std::vector<MasterDifference>> compare_with_rules(const ContractMaster& master, const ContractRules& rules,
                                                         const TradingCalendar& calendar, Date on) {
    return MasterComparison(master, rules, calendar, on).run();
}

}  // namespace tide
