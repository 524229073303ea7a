/** From the settings of a run to those of the training loop. */
import type { TrainingOptions } from "../train/options.ts";
import type { PreparedRun } from "./prepare.ts";
import { taskKinds } from "./task-kinds.ts";

export function trainingOptions(prepared: PreparedRun): TrainingOptions {
  const { method, task, padTokenId, tokenizer, model } = prepared;
  const { settings } = prepared.config;
  const { objective, curriculum } = taskKinds[task.kind];
  return {
    objective: objective({ tokenizer, model, settings }),
    curriculum: curriculum({ tokenizer, model, settings }),
    seed: settings.seed,
    learningRate: settings.learning_rate ?? method.learningRate,
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
    gradientAccumulationSteps: settings.gradient_accumulation_steps,
    evalBatchSize: settings.per_device_eval_batch_size,
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
