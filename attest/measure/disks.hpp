#pragma once

#include "attest/measure/measure.hpp"

namespace immure::attest::measure {

/// What each disk of a guest is known by.
class DiskMeasurer {
 public:
  /// All of these outlive it.
  DiskMeasurer(const policy::GuestRecord& record, const GuestFiles& files, const DiskReading& reading,
               verity::Crew& crew, const Progress& progress)
      : record_(record), files_(files), reading_(reading), crew_(crew), progress_(progress) {}

  Result<std::vector<Field>> fields_of(std::uint32_t index);

 private:
  Result<std::vector<Field>> by_tree(std::uint32_t index, const OpenFile& data);
  Result<const OpenFile*> opened(std::uint32_t index);

  const policy::GuestRecord& record_;
  const GuestFiles& files_;
  const DiskReading& reading_;
  verity::Crew& crew_;
  const Progress& progress_;
};

}  // namespace immure::attest::measure
