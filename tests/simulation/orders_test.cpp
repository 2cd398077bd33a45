// needs: simulation_backend
// The memory orders of what is done without a lock: in a memory of views all hold, and none can be left out.
#include "seat_bench.hpp"

#include "weakened_orders.hpp"

namespace {

TEST(SimulatedOrders, OfASeat) {
  const Scenarios scenarios{a_seat_opens_and_closes_beside_its_owner, a_seat_closes_while_two_come_back,
                            a_seat_goes_when_its_owner_has_gone};
  expect_each_order_matters("seat.hpp", 8, scenarios);
  expect_each_order_matters("seats.hpp", 1, scenarios);
}

}  // namespace
