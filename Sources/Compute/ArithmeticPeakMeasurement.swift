/// A backend that can find out how fast its device multiplies and adds at most.
public protocol ArithmeticPeakMeasurement {
  /// Additions and multiplications a second, from registers alone, in the precision of the network's products.
  func measureArithmeticPeak() throws(DeviceError) -> Double
}
