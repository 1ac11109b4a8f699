package io.sequencezoo.eval;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTag;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The arrows between modules, and the rules that hold everywhere. */
@AnalyzeClasses(
    packages = "io.sequencezoo",
    importOptions = {
      ImportOption.DoNotIncludeTests.class,
      ArchitectureTest.DoNotIncludeTestJars.class
    })
@ArchTag("any-kernels")
class ArchitectureTest {
  /** The core's contract test comes as a jar, whose name alone says that it holds tests. */
  static final class DoNotIncludeTestJars implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  @ArchTest
  static final ArchRule modules =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("core")
          .definedBy("io.sequencezoo.core..")
          .layer("models")
          .definedBy("io.sequencezoo.models..")
          .layer("train")
          .definedBy("io.sequencezoo.train..")
          .layer("datasets")
          .definedBy("io.sequencezoo.datasets..")
          .layer("eval")
          .definedBy("io.sequencezoo.eval..")
          .whereLayer("core")
          .mayNotAccessAnyLayer()
          .whereLayer("models")
          .mayOnlyAccessLayers("core")
          .whereLayer("train")
          .mayOnlyAccessLayers("core", "models")
          .whereLayer("datasets")
          .mayOnlyAccessLayers("core")
          .whereLayer("eval")
          .mayOnlyAccessLayers("core", "models", "train", "datasets")
          .because("arrows between modules go one way");

  @ArchTest
  static final ArchRule tasksDependOnExperiments =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.sequencezoo.eval.experiment..",
              "io.sequencezoo.eval.report..",
              "io.sequencezoo.eval.analysis..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.sequencezoo.eval.algorithmic..",
              "io.sequencezoo.eval.chaos..",
              "io.sequencezoo.eval.formal..",
              "io.sequencezoo.eval.icll..",
              "io.sequencezoo.eval.image..",
              "io.sequencezoo.eval.mad..",
              "io.sequencezoo.eval.recall..",
              "io.sequencezoo.eval.rows..",
              "io.sequencezoo.eval.story..",
              "io.sequencezoo.eval.study..",
              "io.sequencezoo.eval.synthetic..",
              "io.sequencezoo.eval.text..",
              "io.sequencezoo.eval.cli..")
          .because("a task is registered, and nothing else knows of it");

  @ArchTest
  static final ArchRule evaluationHasNoCycles =
      slices().matching("io.sequencezoo.eval.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule incubatorIsConfined =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.sequencezoo.core.kernel..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("jdk.incubator..")
          .because("the Vector API may change with every Java release");

  @ArchTest
  static final ArchRule blasIsConfined =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.sequencezoo.core.kernel..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.bytedeco.openblas..")
          .because("tiles and threads of matrix products are decided in one place");

  @ArchTest
  static final ArchRule blocksNameTheirSources =
      classes()
          .that()
          .implement(Parametrisation.class)
          .and()
          .doNotHaveModifier(JavaModifier.ABSTRACT)
          .should()
          .beAnnotatedWith(Paper.class)
          .andShould()
          .beAnnotatedWith(Source.class)
          .because("tables and bibliography are generated from them");

  @ArchTest
  static final ArchRule nothingPrints =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.sequencezoo.eval.cli..")
          .and()
          .resideOutsideOfPackage("io.sequencezoo.bench..")
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err")
          .because("only the command line talks to a terminal");

  @ArchTest
  static final ArchRule abstractOrFinal =
      classes()
          .that()
          .areNotInterfaces()
          .and()
          .areNotEnums()
          .and()
          .areNotAnonymousClasses()
          .and()
          .resideOutsideOfPackage("io.sequencezoo.bench..")
          .should()
          .haveModifier(JavaModifier.FINAL)
          .orShould()
          .haveModifier(JavaModifier.ABSTRACT)
          .because("inheritance is not for reuse: wrap instead");

  /** Who reads buffers: by strides and offsets, or of a copy in row-major order. */
  private static final String BUFFERS =
      "(kernel.(Float|Double)Precision|autodiff.(Tape|StepArrays|GradientArrays)|io.RawBytes|data.(Token|Continuous)Batch|op.Losses|op.Indices"
          + "|attention.(GrowingCache|BlockwiseAttention)|vector.Rows|dense.CellLinearization"
          + "|matrix.ChannelBounds|model.Generator|conformance.Conformance)";

  @ArchTest
  static final ArchRule buffersAreConfined =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.sequencezoo.bench..")
          .and()
          .haveNameNotMatching("io[.]sequencezoo[.].*" + BUFFERS + "([$].*)?")
          .should()
          .callMethod(INDArray.class, "data")
          .because("the buffer of a view is that of the whole array");

  /** Who assigns arrays, to targets of the same shape. */
  private static final String ASSIGNERS =
      "(dynamics.State|block.Parameters|op.Segments|io.ParameterFiles|model.StateKeeper"
          + "|train.Checkpoints|train.Trainer)";

  @ArchTest
  static final ArchRule assignmentsAreConfined =
      noClasses()
          .that()
          .haveNameNotMatching("io[.]sequencezoo[.].*" + ASSIGNERS + "([$].*)?")
          .should()
          .callMethod(INDArray.class, "assign", INDArray.class)
          .because("ND4J assigns a smaller array to the beginning of the target");

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("io.sequencezoo.(**)").should().beFreeOfCycles();

  /** The packages of the core, each of which sees only those before it. */
  private static final List<String> CORE =
      List.of(
          "shape",
          "cite",
          "kernel",
          "autodiff",
          "op",
          "dynamics",
          "block",
          "registry",
          "config",
          "io",
          "data");

  @ArchTest
  static void coreIsBuiltUpwards(JavaClasses classes) {
    for (int i = 0; i < CORE.size() - 1; i++) {
      noClasses()
          .that()
          .resideInAPackage("io.sequencezoo.core." + CORE.get(i) + "..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              CORE.subList(i + 1, CORE.size()).stream()
                  .map(name -> "io.sequencezoo.core." + name + "..")
                  .toArray(String[]::new))
          .because("the core is " + CORE + ", each on those before it")
          .check(classes);
    }
  }

  @ArchTest
  static final ArchRule everyPackageOfTheCoreHasItsPlace =
      classes()
          .that()
          .resideInAPackage("io.sequencezoo.core..")
          .and()
          .doNotHaveSimpleName("package-info")
          .should()
          .resideInAnyPackage(
              CORE.stream()
                  .map(name -> "io.sequencezoo.core." + name + "..")
                  .toArray(String[]::new))
          .because("a package without a place has no arrows to hold");
}
