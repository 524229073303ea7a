/** From the settings of a run to those of the training loop. */
import { totalSteps, type TrainingOptions } from "../train/options.ts";
import type { PreparedRun } from "./prepare.ts";
import { taskKinds } from "./task-kinds.ts";

/**
 * The settings of the training of a prepared run.
 * @throws Error in one line when the model does not have what the task needs.
 */
export function trainingOptions(prepared: PreparedRun): TrainingOptions {
  const { method, task, padTokenId, tokenizer, model, folder } = prepared;
  const { settings } = prepared.config;
  const { objective, curriculum, evalBatchSize } = taskKinds[task.kind];
  const learner = { task, tokenizer, model, settings, where: folder.folder };
  return {
    objective: objective(learner),
    curriculum: curriculum(learner),
    seed: settings.seed,
    learningRate: settings.learning_rate ?? method.learningRate,
    headLearningRate: settings.head_learning_rate,
    baseDropout: settings.base_dropout,
    gradientCheckpointing: settings.gradient_checkpointing,
    schedule: settings.lr_scheduler_type,
    warmupSteps: settings.warmup_steps,
    adamw: {
      beta1: settings.adam_beta1,
      beta2: settings.adam_beta2,
      epsilon: settings.adam_epsilon,
      weightDecay: settings.weight_decay,
    },
    maxGradNorm: settings.max_grad_norm === 0 ? null : settings.max_grad_norm,
    batchSize: settings.per_device_train_batch_size,
    groupByLength: settings.group_by_length,
    gradientAccumulationSteps: settings.gradient_accumulation_steps,
    evalBatchSize: settings.per_device_eval_batch_size ?? evalBatchSize,
    epochs: settings.num_train_epochs,
    maxSteps: settings.max_steps,
    saveSteps: settings.save_steps,
    evalSteps: settings.eval_steps,
    earlyStoppingPatience: settings.early_stopping_patience,
    metrics: task.metrics,
    metricForBest: settings.metric_for_best_model ?? task.metricForBest,
    padTokenId,
  };
}

/**
 * Refuses a beginning that leaves nothing of the training it is the beginning of.
 * @param examples of the training data
 */
export function checkCurriculum(options: TrainingOptions, examples: number): void {
  const steps = totalSteps(examples, options);
  const before = options.curriculum.reduce((sum, stage) => sum + stage.steps, 0);
  if (before > 0 && before >= steps)
    throw new Error(`causal_lm_steps: ${before}, expected fewer than the ${steps} steps of the training`);
}
