// error: Queue has seating, but not as static constexpr carpool::Seating seating
#include "sound_policies.hpp"

class Spoilt : public SoundQueue {
  static constexpr carpool::Seating seating = carpool::Seating::none;
};
AcceptQueue<Spoilt> refused;  // g++ takes private for public in an explicit instantiation
