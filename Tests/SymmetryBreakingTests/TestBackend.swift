import Compute
import Conformance

/// The backend of tests of formulas: plain loops in Double.
func makeTestBackend() throws -> any Backend { ReferenceBackend() }
