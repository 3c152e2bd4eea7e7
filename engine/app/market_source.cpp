#include "app/market_source.hpp"

#include "feeds/synthetic_feed.hpp"

namespace tide {
Result<MarketSource> open_market(const RunOptions&, const Paths&) { return make_error(ErrorCode::internal, ""); }
}  // namespace tide
