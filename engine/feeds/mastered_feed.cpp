#include "feeds/mastered_feed.hpp"

#include <fmt/format.h>

namespace tide {

MasteredFeed::MasteredFeed(Feed& feed, const ContractMaster& master, std::string name)
    : feed_(feed), master_(master), name_(std::move(name)) {}

Result<bool> MasteredFeed::next(Event& event) {
    auto more = feed_.next(event);
    if (!more || !*more) return more;
    if (auto* added = std::get_if<InstrumentEvent>(&event.payload)) apply(added->instrument, ist_date(event.received));
    return more;
}

void MasteredFeed::apply(Instrument& instrument, Date on) {
    const size_t index = instrument.id.value() - 1;
    if (symbols_.size() <= index) symbols_.resize(index + 1);
    symbols_[index] = instrument.symbol;
    if (!instrument.expiry) return;
    const size_t of = instrument.underlying.valid() ? instrument.underlying.value() - 1 : symbols_.size();
    const std::string underlying = of < symbols_.size() ? symbols_[of] : "";
    const ListedContract* listed = master_.find(contract_key(instrument, underlying), on);
    if (listed == nullptr) {
        ++missing_;
        return;
    }
    ++listed_;
    const std::string change = apply_master(instrument, *listed);
    if (!change.empty()) ++replaced_[fmt::format("{} {}: {}", underlying, format_date(*instrument.expiry), change)];
}

std::string MasteredFeed::describe() const {
    return fmt::format("{}; contract terms from {}", feed_.describe(), name_);
}

std::vector<std::string> MasteredFeed::notes() const {
    std::vector<std::string> lines;
    for (const auto& [change, contracts] : replaced_)
        lines.push_back(fmt::format("{} ({} contracts, from {})", change, contracts, name_));
    if (listed_ + missing_ > 0) {
        lines.push_back(fmt::format("{}: {} of {} contracts of this session are in it; the others keep the dated rules",
                                    name_, listed_, listed_ + missing_));
    }
    return lines;
}

}  // namespace tide
