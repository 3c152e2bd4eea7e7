#include "market/contract_master.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace tide {
namespace {

bool overlap(const ListedContract& a, const ListedContract& b) {
    return a.valid_from <= b.valid_to && b.valid_from <= a.valid_to;
}
bool same_terms(const ListedContract& a, const ListedContract& b) {
    const auto terms = [](const ListedContract& row) {
        return std::tie(row.key, row.symbol, row.token, row.segment, row.lot, row.tick, row.freeze, row.status);
    };
    return terms(a) == terms(b);
}

}  // namespace

std::string_view name_of(ContractStatus status) {
    switch (status) {
        case ContractStatus::active:
            return "active";
        case ContractStatus::suspended:
            return "suspended";
        case ContractStatus::unknown:
            break;
    }
    return "unknown";
}

ContractMaster ContractMaster::build(std::vector<ListedContract> rows) {
    ContractMaster master;
    master.rows_ = std::move(rows);
    master.drop_repeated();
    const auto index_of = [&](std::string ListedContract::*field) {
        Index index(master.rows_.size());
        std::iota(index.begin(), index.end(), 0U);
        std::stable_sort(index.begin(), index.end(), [&](uint32_t a, uint32_t b) {
            const ListedContract &left = master.rows_[a], &right = master.rows_[b];
            return std::tie(left.segment, left.*field) < std::tie(right.segment, right.*field);
        });
        return index;
    };
    master.by_token_ = index_of(&ListedContract::token);
    master.by_symbol_ = index_of(&ListedContract::symbol);
    return master;
}

// Sorts by key, then line, and keeps the first of rows whose dates overlap. A number that two contracts share is a
// clash too: an order by it could reach the wrong one.
void ContractMaster::drop_repeated() {
    std::vector<bool> dropped(rows_.size(), false);
    const auto drop_later = [&](const auto& order, const auto& same, std::string_view what) {
        for (size_t i = 0; i < order.size(); ++i) {
            if (dropped[order[i]]) continue;
            for (size_t j = i + 1; j < order.size() && same(rows_[order[i]], rows_[order[j]]); ++j) {
                const ListedContract &first = rows_[order[i]], &second = rows_[order[j]];
                if (dropped[order[j]] || !overlap(first, second)) continue;
                dropped[order[j]] = true;
                if (same_terms(first, second)) {
                    ++duplicates_;
                } else {
                    clashes_.push_back({first.line, second.line, std::string(what)});
                }
            }
        }
    };
    Index order(rows_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
        return std::tie(rows_[a].segment, rows_[a].token) < std::tie(rows_[b].segment, rows_[b].token);
    });
    drop_later(
        order,
        [](const auto& a, const auto& b) { return !a.token.empty() && a.token == b.token && a.segment == b.segment; },
        "the same number for two contracts");
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
        return std::tie(rows_[a].key, rows_[a].line) < std::tie(rows_[b].key, rows_[b].line);
    });
    drop_later(
        order, [](const auto& a, const auto& b) { return a.key == b.key; }, "the same contract with other terms");
    std::vector<ListedContract> kept;
    kept.reserve(rows_.size());
    for (const uint32_t i : order) {
        if (!dropped[i]) kept.push_back(std::move(rows_[i]));
    }
    rows_ = std::move(kept);
}

const ListedContract* ContractMaster::find(const ContractKey& key, Date on) const {
    auto row =
        std::lower_bound(rows_.begin(), rows_.end(), key,
                         [](const ListedContract& listed, const ContractKey& wanted) { return listed.key < wanted; });
    for (; row != rows_.end() && row->key == key; ++row) {
        if (row->holds(on)) return &*row;
    }
    return nullptr;
}

const ListedContract* ContractMaster::find_in(const Index& index, std::string ListedContract::*field,
                                              std::string_view segment, std::string_view value, Date on) const {
    auto at =
        std::lower_bound(index.begin(), index.end(), std::pair(segment, value), [&](uint32_t i, const auto& want) {
            return std::pair<std::string_view, std::string_view>(rows_[i].segment, rows_[i].*field) < want;
        });
    for (; at != index.end() && rows_[*at].segment == segment && rows_[*at].*field == value; ++at) {
        if (rows_[*at].holds(on)) return &rows_[*at];
    }
    return nullptr;
}
const ListedContract* ContractMaster::find_token(std::string_view segment, std::string_view token, Date on) const {
    return find_in(by_token_, &ListedContract::token, segment, token, on);
}
const ListedContract* ContractMaster::find_symbol(std::string_view segment, std::string_view symbol, Date on) const {
    return find_in(by_symbol_, &ListedContract::symbol, segment, symbol, on);
}

std::vector<std::string> ContractMaster::underlyings() const {
    std::vector<std::string> names;
    for (const ListedContract& row : rows_) {
        if (row.key.expiry) names.push_back(row.key.underlying);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::vector<Date> ContractMaster::expiries(std::string_view underlying, InstrumentKind kind, Date from) const {
    std::vector<Date> dates;
    for (const ListedContract& row : rows_) {
        if (row.key.kind == kind && row.key.underlying == underlying && row.key.expiry && *row.key.expiry >= from)
            dates.push_back(*row.key.expiry);
    }
    std::sort(dates.begin(), dates.end());
    dates.erase(std::unique(dates.begin(), dates.end()), dates.end());
    return dates;
}

ContractKey contract_key(const Instrument& instrument, std::string_view underlying) {
    return {instrument.exchange, std::string(underlying), instrument.kind,
            instrument.expiry,   instrument.strike,       instrument.right};
}

std::string apply_master(Instrument& contract, const ListedContract& listed) {
    std::string replaced;
    const auto note = [&](std::string_view what, const std::string& now, const std::string& before) {
        replaced += fmt::format("{}{} {} instead of {}", replaced.empty() ? "" : ", ", what, now, before);
    };
    if (listed.lot.units() > 0 && listed.lot != contract.lot) {
        note("lot", std::to_string(listed.lot.units()), std::to_string(contract.lot.units()));
        contract.lot = listed.lot;
    }
    if (listed.tick.positive() && listed.tick != contract.tick) {
        note("tick", to_string(listed.tick), to_string(contract.tick));
        contract.tick = listed.tick;
    }
    if (listed.freeze.units() > 0 && listed.freeze != contract.freeze) {
        const auto text = [](Quantity freeze) {
            return freeze.units() == 0 ? std::string("none") : std::to_string(freeze.units());
        };
        note("freeze quantity", text(listed.freeze), text(contract.freeze));
        contract.freeze = listed.freeze;
    }
    return replaced;
}

}  // namespace tide
