#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/instrument.hpp"

namespace tide {

enum class ContractStatus : uint8_t { unknown, active, suspended };
std::string_view name_of(ContractStatus status);

// What is traded, whoever names it: a contract is looked up by this, never by a symbol that was put together.
struct ContractKey {
    std::string exchange = "NSE";  // NSE, BSE
    std::string underlying;        // "NIFTY"; of an index or a share its own symbol
    InstrumentKind kind = InstrumentKind::option;
    std::optional<Date> expiry;
    Price strike;
    OptionRight right = OptionRight::none;
    friend auto operator<=>(const ContractKey&, const ContractKey&) = default;
};

// One row of a broker's contract master.
struct ListedContract {
    ContractKey key;
    std::string symbol;   // the broker's own: what an order names
    std::string token;    // the broker's number (security id), unique within `segment` only
    std::string segment;  // as the broker names it: "NFO", "NSE_FNO"
    Quantity lot{0};      // 0, as for the two below: the master does not say
    Price tick;
    Quantity freeze{0};
    ContractStatus status = ContractStatus::unknown;
    Date valid_from = Date::min();  // effective dates, where the master has them; both inclusive
    Date valid_to = Date::max();
    int64_t line = 0;  // in its file

    bool holds(Date on) const { return valid_from <= on && on <= valid_to; }
};

// Two rows that cannot both be right; the first one is kept.
struct MasterClash {
    int64_t kept_line = 0;
    int64_t dropped_line = 0;
    std::string reason;
};

// The contracts that a broker's master lists. Looked up by what they are, by the broker's number and by the broker's
// symbol. Where it has a lot, tick or freeze quantity, that wins over the dated rules (ContractRules).
class ContractMaster {
  public:
    ContractMaster() = default;
    // Of rows that say the same twice one is kept; `duplicates` counts the others. Rows that contradict each other are
    // clashes.
    static ContractMaster build(std::vector<ListedContract> rows);

    // The row that holds on a date; null when there is none.
    const ListedContract* find(const ContractKey& key, Date on) const;
    const ListedContract* find_token(std::string_view segment, std::string_view token, Date on) const;
    const ListedContract* find_symbol(std::string_view segment, std::string_view symbol, Date on) const;

    // By exchange, underlying, kind, expiry, strike, right.
    const std::vector<ListedContract>& rows() const { return rows_; }
    std::vector<std::string> underlyings() const;  // of options and futures, sorted, each once
    // Expiries on or after `from` of options (or futures) of an underlying, ascending, each once.
    std::vector<Date> expiries(std::string_view underlying, InstrumentKind kind, Date from) const;
    int64_t duplicates() const { return duplicates_; }
    const std::vector<MasterClash>& clashes() const { return clashes_; }

  private:
    using Index = std::vector<uint32_t>;
    const ListedContract* find_in(const Index& index, std::string ListedContract::*field, std::string_view segment,
                                  std::string_view value, Date on) const;
    void drop_repeated();
    std::vector<ListedContract> rows_;
    Index by_token_, by_symbol_;  // into rows_, by (segment, token), (segment, symbol)
    int64_t duplicates_ = 0;
    std::vector<MasterClash> clashes_;
};

// The key of an instrument of ours. `underlying`: the symbol of its underlying, its own for an index or a share.
ContractKey contract_key(const Instrument& instrument, std::string_view underlying);

// Gives the contract the master's lot, tick and freeze quantity where it has them. Says what was replaced ("lot 65
// instead of 75"), empty when nothing was.
std::string apply_master(Instrument& contract, const ListedContract& listed);

}  // namespace tide
