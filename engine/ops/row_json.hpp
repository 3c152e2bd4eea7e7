#pragma once
#include <nlohmann/json_fwd.hpp>

#include "ledger/ledger_reader.hpp"

// Rows as the commands' JSON documents and the control socket show them: one form for both.
namespace tide {

nlohmann::ordered_json order_json(const OrderRow& row);
nlohmann::ordered_json position_json(const PositionRow& row);

}  // namespace tide
