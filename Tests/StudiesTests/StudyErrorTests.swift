import Studies
import Testing

@Suite struct StudyErrorTests {
  @Test func saysWhatIsMissing() {
    #expect(StudyError.missing("faces has no statistics").description == "faces has no statistics")
  }
}
